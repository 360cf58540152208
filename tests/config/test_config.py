from pathlib import Path

import pytest

from jupyter_mlpipe.config import Settings, load_settings
from jupyter_mlpipe.model.errors import ConfigError


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    return tmp_path


def test_without_any_word_everything_lies_below_the_projects_folder(project):
    settings = load_settings(project, {})
    assert settings == Settings(root=project, home=project / ".mlpipe")
    assert settings.artifact_store == str(project / ".mlpipe" / "artifacts")
    assert settings.metadata_store == f"sqlite:///{project / '.mlpipe' / 'metadata.db'}"
    assert settings.cache


def test_the_project_is_found_from_a_folder_below_it(project):
    folder = project / "notebooks" / "deep"
    folder.mkdir(parents=True)
    assert load_settings(folder, {}).root == project


@pytest.mark.parametrize("mark", [".git", "mlpipe.toml"])
def test_the_nearest_mark_ends_the_search(project, mark):
    inner = project / "inner"
    inner.mkdir()
    (inner / mark).touch()
    assert load_settings(inner, {}).root == inner


def test_a_folder_without_marks_is_its_own_project(tmp_path):
    assert load_settings(tmp_path, {}).root == tmp_path


def test_the_environment_overrules_mlpipe_toml_which_overrules_pyproject(project):
    (project / "pyproject.toml").write_text(
        '[tool.mlpipe]\nproject = "a"\nairflow_command = "one"\ncache = false\n'
    )
    (project / "mlpipe.toml").write_text('project = "b"\nairflow_command = "two"\n')
    settings = load_settings(project, {"MLPIPE_PROJECT": "c", "HOME": "/root"})
    assert (settings.project, settings.airflow_command, settings.cache) == ("c", "two", False)


def test_relative_locations_belong_to_the_project_and_urls_stay(project):
    (project / "mlpipe.toml").write_text(
        'home = "state"\nartifact_store = "s3://bucket/x"\nmetadata_store = "sqlite:///a b/m.db"\n'
    )
    settings = load_settings(project, {})
    assert settings.home == project / "state"
    assert settings.artifact_store == "s3://bucket/x"
    assert settings.metadata_store == f"sqlite:///{project}/a b/m.db"
    elsewhere = load_settings(project, {"MLPIPE_ARTIFACT_STORE": "data/artifacts"})
    assert elsewhere.artifact_store == str(project / "data" / "artifacts")


@pytest.mark.parametrize(("word", "expected"), [("0", False), ("On", True), ("false", False)])
def test_a_switch_takes_the_usual_words(project, word, expected):
    assert load_settings(project, {"MLPIPE_CACHE": word}).cache is expected


def test_an_unknown_key_names_the_file_and_the_closest_setting(project):
    (project / "mlpipe.toml").write_text('artifact_stor = "x"\n')
    with pytest.raises(ConfigError, match=r"mlpipe\.toml: unknown setting 'artifact_stor'.*store"):
        load_settings(project, {})


def test_a_misspelled_variable_is_refused_but_variables_for_workers_are_not(project):
    load_settings(project, {"MLPIPE_RUN_ID": "abc"})
    with pytest.raises(ConfigError, match="MLPIPE_ARTIFACTSTORE"):
        load_settings(project, {"MLPIPE_ARTIFACTSTORE": "x"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cache = 3", r"mlpipe\.toml: cache: expected true or false, found 3"),
        ("project = ''", r"project: expected a text"),
        ("metadata_store = 'runs.db'", r"expected a database URL .* found 'runs\.db'"),
        ("project = [", r"mlpipe\.toml is not valid TOML"),
    ],
)
def test_an_unusable_value_says_what_was_found_and_expected(project, content, message):
    (project / "mlpipe.toml").write_text(content)
    with pytest.raises(ConfigError, match=message):
        load_settings(project, {})


def test_no_project_says_itself_that_it_is_trusted(project):
    (project / "mlpipe.toml").write_text("trust = 'all'")
    with pytest.raises(ConfigError, match="unknown setting 'trust'"):
        load_settings(project, {})
    (project / "mlpipe.toml").write_text("")
    assert load_settings(project, {"MLPIPE_TRUST": "all"}).trust
    assert not load_settings(project, {}).trust
    with pytest.raises(ConfigError, match="MLPIPE_TRUST: expected `all`"):
        load_settings(project, {"MLPIPE_TRUST": "yes"})


def test_what_is_of_the_user_lies_where_the_system_keeps_such_things(project):
    assert load_settings(project, {"XDG_CONFIG_HOME": "/etc/me"}).user == Path("/etc/me/mlpipe")
    assert load_settings(project, {}).user == Path.home() / ".config" / "mlpipe"


def test_a_table_that_is_none_and_bytes_that_are_no_text_are_named(project):
    (project / "pyproject.toml").write_text("[tool]\nmlpipe = 3\n")
    with pytest.raises(ConfigError, match=r"\[tool\.mlpipe\], found 3"):
        load_settings(project, {})
    (project / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(project, {})


def test_a_variable_with_a_bad_value_is_named(project):
    with pytest.raises(ConfigError, match="MLPIPE_CACHE: expected true or false, found 'maybe'"):
        load_settings(project, {"MLPIPE_CACHE": "maybe"})
