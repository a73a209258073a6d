"""What is known of models: prices, and estimates where a provider reports nothing."""
