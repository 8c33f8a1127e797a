"""The optimiser core: batches of optimal control problems, solved by an interior-point method over Riccati recursions."""
