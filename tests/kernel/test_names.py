"""Names, versions, tags and metadata from the cells of a real kernel."""

from tests.kernel.shown import shown

IMPORTS = """from typing import Annotated
from jupyter_mlpipe import ArtifactConfig, Client, ExternalArtifact, load_artifact, save_artifact
from jupyter_mlpipe import log_metadata"""


def test_an_annotated_output_is_named_and_a_version_that_is_taken_stops_the_cell(live_kernel):
    live_kernel.run(IMPORTS)
    cell = (
        "%%step load\ndf: Annotated[list, ArtifactConfig(name='iris', version='raw_2023', "
        "tags=['raw'])] = [1, {}]\nprint('ran')"
    )
    assert "df raw_2023" in live_kernel.run(cell.format(2)).line
    refused = live_kernel.run(cell.format(3))
    assert "'iris' already has a version 'raw_2023'" in refused.error
    assert "ran" not in refused.text
    assert live_kernel.run("load_artifact('iris')").text.endswith("[1, 2]")


def test_what_is_saved_outside_of_a_step_is_an_input_of_the_step_that_loads_it(live_kernel):
    live_kernel.run(IMPORTS)
    live_kernel.run("save_artifact([1, 2], 'numbers')")
    live_kernel.run("%%step use\nlog_metadata({'n': 2})\ntotal = sum(load_artifact('numbers'))")
    (step,) = shown(live_kernel)["steps"]
    assert [(i["variable"], i["artifact"]) for i in step["inputs"]] == [
        ("load_artifact('numbers')", "numbers")
    ]
    live_kernel.restart()
    assert live_kernel.run("total").text.endswith("3")


def test_an_external_artifact_is_its_value_while_a_step_runs(live_kernel):
    live_kernel.run(IMPORTS)
    live_kernel.run("data = ExternalArtifact(value=[1, 2])")
    done = live_kernel.run("%%step use\ntotal = sum(data)\ntotal")
    assert "3" in done.text
    assert "`data` is given by value" in done.line
    assert live_kernel.run("type(data).__name__").text.endswith("'ExternalArtifact'")


def test_a_list_of_versions_is_a_table(live_kernel):
    live_kernel.run(IMPORTS)
    live_kernel.run("%%step one --out a=thing\na = 1")
    done = live_kernel.run("Client().list_artifact_versions()")
    (result,) = [o for o in done.outputs if o["output_type"] == "execute_result"]
    assert ">thing</td>" in result["data"]["text/html"]


def test_the_file_beside_the_notebook_wins_and_only_what_shapes_outputs_runs_a_step_again(
    live_kernel,
):
    file = live_kernel.folder / "mlpipe.yaml"
    cell = "%%step train --out m=mine\nm = 1"
    file.write_text("tags: [nightly]\nsteps:\n  train:\n    outputs: {m: clf}\n")
    assert "m v1" in live_kernel.run(cell).line
    file.write_text("steps:\n  train:\n    tags: [good]\n    outputs: {m: clf}\n")
    assert "cached" in live_kernel.run(cell).line
    file.write_text("steps:\n  train:\n    version: v1.0\n    outputs: {m: clf}\n")
    assert "m v1.0" in live_kernel.run(cell).line
    live_kernel.run("from jupyter_mlpipe import Client")
    found = live_kernel.run(
        "print([(v.name, v.version_name, v.tags) for v in Client().list_artifact_versions()])"
    )
    assert found.text.endswith("[('clf', 'v1.0', ()), ('clf', None, ('good',))]\n")
    tags = live_kernel.run("Client().get_artifact_version('clf').run.tags")
    assert tags.text.endswith("('nightly',)")


def test_a_file_that_cannot_be_used_stops_the_step_with_the_line(live_kernel):
    (live_kernel.folder / "mlpipe.yaml").write_text("steps:\n  train:\n    versoin: v1\n")
    refused = live_kernel.run("%%step train\nprint('ran')")
    assert "mlpipe.yaml, line 3" in refused.error
    assert "ran" not in refused.text


def test_a_parameter_of_the_file_takes_the_place_of_the_cell_s_value(live_kernel):
    file = live_kernel.folder / "mlpipe.yaml"
    file.write_text("parameters: {lr: 1}\n")
    done = live_kernel.run("%%params\nlr: float = 0.1")
    assert "lr = 1.0" in done.text
    live_kernel.run("%%step use\nx = lr * 2")
    assert live_kernel.run("x").text.endswith("2.0")
    file.write_text("parameters: {lr: 0.5}\n")
    assert "parameter `lr` changed" in live_kernel.run("%%step use\nx = lr * 2").line


def test_a_materializer_of_a_cell_stores_an_output_and_brings_it_back_after_a_restart(live_kernel):
    live_kernel.run(
        "from pathlib import Path\nfrom jupyter_mlpipe import BaseMaterializer, load_artifact\n"
        "class Lines(BaseMaterializer):\n"
        "    def save(self, data):\n"
        "        Path(self.uri, 'lines.txt').write_text('\\n'.join(data))\n"
        "    def load(self, data_type):\n"
        "        return data_type(Path(self.uri, 'lines.txt').read_text().split('\\n'))"
    )
    cell = "%%step make --out words=words --materializer words=Lines\nwords = ['a', 'b']"
    assert "words v1" in live_kernel.run(cell).line
    assert "cached" in live_kernel.run(cell).line
    live_kernel.restart()
    assert live_kernel.run("words").text.endswith("['a', 'b']")
    assert "cached" in live_kernel.run(cell).line


def test_a_step_that_stands_on_a_reference_is_stale_only_when_that_leads_elsewhere(live_kernel):
    live_kernel.run(IMPORTS)
    live_kernel.run("save_artifact([1, 2], 'numbers')\ndata = ExternalArtifact(name='numbers')")
    live_kernel.run("%%step use\ntotal = sum(data)")
    assert "stale" not in live_kernel.run("%mlpipe status").text
    live_kernel.run("save_artifact([5], 'numbers')")
    status = live_kernel.run("%mlpipe status").text
    assert "the newest version of numbers is another one" in status


def test_a_step_that_leaves_a_version_of_a_model_says_so(live_kernel):
    live_kernel.run("from jupyter_mlpipe import Client")
    assert "model churn v1" in live_kernel.run("%%step train --model churn\nweights = [1]").text
    use = "%%step use\ntotal = sum(Client().get_model_version('churn').load('weights'))"
    live_kernel.run(use)
    assert "stale" not in live_kernel.run("%mlpipe status").text
    live_kernel.run("Client().create_model_version('churn', {'weights': 'study::train::weights'})")
    status = live_kernel.run("%mlpipe status").text
    assert "the latest version of the model churn is another one" in status


def test_wherever_a_version_is_shown_it_is_called_as_the_user_named_it(live_kernel):
    live_kernel.run("%%step load --out df=iris --version raw_2023\ndf = [1]")
    live_kernel.run("%%step use\nn = len(df)")
    for verb in ("lineage n", "lineage df"):
        assert "df raw_2023 by step load" in live_kernel.run(f"%mlpipe {verb}").text
    assert "iris raw_2023 again" in live_kernel.run("%mlpipe rollback df@raw_2023").text
    (load,) = [step for step in shown(live_kernel)["steps"] if step["step"] == "load"][:1]
    assert load["outputs"][0]["version_name"] == "raw_2023"
    code = live_kernel.run(
        "from jupyter_mlpipe import Client\nClient().get_artifact_version('iris')"
    )
    assert "<StoredArtifact 'iris' version raw_2023>" in code.text


def test_what_a_cell_without_step_deletes_is_gone_within_it(live_kernel):
    live_kernel.run("import weakref\nclass Node:\n    pass")
    live_kernel.run("%%step make\nnode = Node()")
    gone = live_kernel.run("ref = weakref.ref(node)\ndel node\nprint(ref() is None)")
    assert gone.text.endswith("True\n")
