//! Pure assembly of events into the tree of turns, calls, tools and subagents.
