"""Which blocks are site chrome: phrase rules, line model, site repetition."""
