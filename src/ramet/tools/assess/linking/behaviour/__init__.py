"""What functions do with models: per file (`linker`), then all files together (`joining`)."""
