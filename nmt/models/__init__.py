"""Networks: RNN encoder–decoders with and without attention, Transformer."""
