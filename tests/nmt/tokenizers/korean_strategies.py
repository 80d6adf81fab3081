"""Hypothesis strategies for texts that a Korean system meets."""

from hypothesis import strategies as st

# Hangul syllables, conjoining and compatibility jamo, Hanja, Latin, digits, emoji with joiners and
# skin tones, zero-width characters, spaces of all kinds, the marks that tokenizers use themselves.
CHARS = st.one_of(
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0x3131, max_codepoint=0x318E),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.sampled_from("😀👍🏽👩‍🚀🇰🇷\u200b\u200c\u200d\ufeff\u00ad"),
    st.sampled_from("  \u3000\t\n\r\x00\x1e▁⟦⟧<>&\ufffd\ufffe"),
)
WORDS = st.sampled_from(["⟦0⟧", "⟦15⟧", "⟦16⟧", "<b>", "</b>", "<0xE2>", "<s>", "<unk>", " ", "▁"])
ANY_TEXT = st.lists(st.one_of(st.text(CHARS, max_size=12), WORDS), max_size=8).map("".join)
