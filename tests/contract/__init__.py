"""Every line of ``contract.toml`` and every sentence of ``decisions.md``, over the real server."""
