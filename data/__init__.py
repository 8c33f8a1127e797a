"""Weather, workload and other input series with their provenance, loaders and validators."""
