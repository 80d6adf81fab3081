"""An Argos package with the weights of a bundle, for LibreTranslate and Argos Translate.

    python benchmarks/peers/argos_package.py transformer translate-ko_en.argosmodel

    metadata.json        languages and versions
    model/               the bundle's CTranslate2 export
    sentencepiece.model  its source tokenizer
    minisbd/             a sentence splitter (see one_sentence.py, or the one that is given)

`model.bin` is the bundle's, byte for byte. The vocabularies beside it are written anew, for Argos
passes pieces by their names and lets CTranslate2 add the end of the source. Argos knows one
tokenizer for both sides and no morphemes: it encodes with ours as it would without MeCab (pieces
differ a little), and names of English pieces that are not in it are joined as they are.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import sentencepiece

from nmt.bundle import Bundle, find_bundle, load_bundle
from nmt.bundle.reading import SOURCE_TOKENIZER, TARGET_TOKENIZER
from nmt.errors import BundleError
from nmt.tokenizers.base import BOS_ID, EOS_ID, MODEL_FILE, UNK_ID

FOLDER = "ko_en"
"""Name of the folder in the package, as Argos names those of its own."""
METADATA = {
    "package_version": "1.0", "argos_version": "1.9", "type": "translate",
    "from_code": "ko", "from_name": "Korean", "to_code": "en", "to_name": "English",
}  # fmt: skip


def write_package(bundle: Bundle, folder: Path, splitter: bytes) -> Path:
    """Writes the package, unpacked as Argos installs it, into `folder`; gives its own folder.

    Args:
        bundle: has a CTranslate2 export.
        folder: Argos's folder of packages (ARGOS_PACKAGES_DIR).
        splitter: a MiniSBD model.

    Raises:
        BundleError: the bundle has no CTranslate2 export.
    """
    if bundle.ctranslate2 is None:
        raise BundleError(
            f"bundle {bundle.name!r} has no CTranslate2 export, which an Argos package needs; "
            "allowed: a transformer; add the export with `nmt train convert`"
        )
    package = folder / FOLDER
    (package / "minisbd").mkdir(parents=True)
    (package / "minisbd" / "splitter.onnx").write_bytes(splitter)
    (package / "metadata.json").write_text(json.dumps(METADATA))
    source_tokenizer = (bundle.path / SOURCE_TOKENIZER / MODEL_FILE).read_bytes()
    (package / "sentencepiece.model").write_bytes(with_word_mark(source_tokenizer))
    target_tokenizer = (bundle.path / TARGET_TOKENIZER / MODEL_FILE).read_bytes()
    shutil.copytree(bundle.ctranslate2, package / "model")
    name_pieces(package / "model", names_of(source_tokenizer), names_of(target_tokenizer))
    return package


def with_word_mark(tokenizer: bytes) -> bytes:
    """Gives a SentencePiece model that puts `▁` before the first word, as our tokenizers do."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(tokenizer)
    model.normalizer_spec.add_dummy_prefix = True
    with_mark: bytes = model.SerializeToString()
    return with_mark


def names_of(tokenizer: bytes) -> list[str]:
    """Gives the pieces of a SentencePiece model in the order of their ids."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=tokenizer)
    return [processor.id_to_piece(piece) for piece in range(processor.vocab_size())]


def name_pieces(model: Path, source: Sequence[str], target: Sequence[str]) -> None:
    """Has a CTranslate2 model take and give pieces by name, and end sources by itself."""
    (model / "source_vocabulary.json").write_text(json.dumps(source))
    (model / "target_vocabulary.json").write_text(json.dumps(target))
    config = json.loads((model / "config.json").read_bytes())
    config |= {
        "add_source_eos": True, "unk_token": target[UNK_ID], "bos_token": target[BOS_ID],
        "eos_token": target[EOS_ID], "decoder_start_token": target[BOS_ID],
    }  # fmt: skip
    (model / "config.json").write_text(json.dumps(config, indent=2))


def main() -> None:
    """Writes a package as a file, which `argospm install FILE` installs."""
    from one_sentence import splitter_model

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("bundle", help="name or folder")
    parser.add_argument("file", type=Path, help="to write, NAME.argosmodel")
    parser.add_argument("--splitter", type=Path, help="MiniSBD's ko.onnx, if it is at hand")
    arguments = parser.parse_args()
    splitter = arguments.splitter.read_bytes() if arguments.splitter else splitter_model()
    with tempfile.TemporaryDirectory() as folder:
        write_package(load_bundle(find_bundle(arguments.bundle)), Path(folder), splitter)
        archive = shutil.make_archive(str(arguments.file), "zip", folder)
    Path(archive).replace(arguments.file)


if __name__ == "__main__":
    main()
