"""The bus between the server and the media engine: AMP over a Unix socket."""
