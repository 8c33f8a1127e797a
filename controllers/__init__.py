"""Rule-based baselines, the predictive controller, the regulatory layer and the safety envelope."""
