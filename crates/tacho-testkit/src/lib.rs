//! Test bench: scripted Anthropic API, OTLP receiver, harness for the real CLI.
