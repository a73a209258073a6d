"""The catalog: the facts about models, their prices, and estimates where a provider reports nothing."""
