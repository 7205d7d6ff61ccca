"""What `kubectl kustomize` makes of a folder, for the few things that the folders of deploy/kubernetes use.

Resources, components, a generated ConfigMap (without the hash in its name), JSON patches, images and a namespace;
anything else in a kustomization is refused, so that nothing is left out unseen.
"""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Document = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "deploy" / "kubernetes"
_KNOWN = {
    *("apiVersion", "kind", "namespace", "resources", "components"),
    *("configMapGenerator", "patches", "images"),
}


def rendered(folder: Path) -> list[Document]:
    """The documents of a folder, patched."""
    return _gathered(folder, [])


def overlay(name: str) -> list[Document]:
    """Those of an overlay."""
    return rendered(FOLDER / "overlays" / name)


def one(documents: list[Document], kind: str, name: str) -> Document:
    """The only document of that kind and name."""
    (found,) = [each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def read(file: Path) -> list[Document]:
    """The documents of a file."""
    return list(YAML(typ="safe").load_all(file.read_text(encoding="utf-8")))


def _gathered(folder: Path, documents: list[Document]) -> list[Document]:
    (asked,) = read(folder / "kustomization.yaml")
    if unknown := set(asked) - _KNOWN:
        raise AssertionError(f"{folder}: {', '.join(sorted(unknown))} is not read by the tests")
    for name in asked.get("resources", ()):
        place = (folder / name).resolve()
        documents += rendered(place) if place.is_dir() else read(place)
    for each in asked.get(
        "configMapGenerator", ()
    ):  # before the components, whose ConfigMaps it therefore cannot merge
        _configure(documents, each)
    for name in asked.get("components", ()):
        documents = _gathered((folder / name).resolve(), documents)
    for each in asked.get("patches", ()):
        for document in _targets(documents, each["target"]):
            for change in YAML(typ="safe").load(each["patch"]):
                _apply(document, change)
    for image in asked.get("images", ()):
        for container in containers(documents):
            if container["image"].partition(":")[0] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
    if namespace := asked.get("namespace"):
        for document in documents:
            document["metadata"]["namespace"] = namespace
    return documents


def _configure(documents: list[Document], asked: Document) -> None:
    data = dict(literal.split("=", 1) for literal in asked["literals"])
    if asked.get("behavior") == "merge":
        one(documents, "ConfigMap", asked["name"])["data"].update(data)
        return
    metadata = {"name": asked["name"], "labels": asked["options"]["labels"]}
    documents.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _targets(documents: list[Document], target: Document) -> list[Document]:
    return [one(documents, target["kind"], target["name"])]


def _apply(document: Document, change: Document) -> None:
    """One operation of RFC 6902."""
    *way, last = change["path"].strip("/").split("/")
    place: Any = document
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    match change["op"]:
        case "remove":
            del place[last]
        case "replace":
            if last not in place:
                raise AssertionError(f"{change['path']}: there is nothing to replace")
            place[last] = change["value"]
        case "add":
            place[last] = change["value"]
        case other:
            raise AssertionError(f"{other} is not read by the tests")


def pod_specs(documents: list[Document]) -> list[tuple[Document, Document]]:
    """Each workload with the template of its pods; of a CronJob, those of the Jobs that it makes."""
    found = [(each, each.get("spec", {})) for each in documents]
    made = [(each, spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec) for each, spec in found]
    return [(each, spec["template"]) for each, spec in made if "template" in spec]


def containers(documents: list[Document]) -> list[Document]:
    """Every container of every pod."""
    return [container for _, template in pod_specs(documents) for container in template["spec"]["containers"]]
