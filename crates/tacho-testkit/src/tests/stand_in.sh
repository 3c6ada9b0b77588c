#!/bin/sh
# Stands in for the CLI: runs what the test says. A file of the tree, because one that a test has just written may
# still be open for writing in a process that another test forked, and cannot be run then.
eval "$STAND_IN_SCRIPT"
