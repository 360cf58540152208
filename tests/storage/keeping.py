"""Values of bytes in an artifact store."""

from jupyter_mlpipe.model.chunk import chunks_of, cut
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.manifests import Manifest


def keep(root, empty, data):
    return keep_in(ArtifactStore(FolderBlobs(root)), empty, data)


def keep_in(store, empty, data):
    chunks = list(chunks_of(memoryview(data), cut(len(data))))
    return store.record(Manifest("x", store.store(empty, {"a": chunks})))


def read(root, digest):
    store = ArtifactStore(FolderBlobs(root))
    return bytes(store.content(store.open(digest).files[0]))
