"""What the server notes of itself while it runs: events, reception, and numbers for Prometheus."""
