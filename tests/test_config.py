import pytest

from fogbank.config import OPTIONS, Settings, SettingsError, chosen_options


def settings(flags: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Settings:
    return Settings(**chosen_options(flags or {}, environ or {}))


def test_every_setting_is_an_option():
    assert {option.name for option in OPTIONS} == set(Settings.__struct_fields__)


def test_default_address_is_loopback_on_the_usual_port():
    chosen = settings()
    assert (chosen.host, chosen.port) == ("127.0.0.1", 4566)


def test_environment_wins_over_default():
    assert settings(environ={"FOGBANK_PORT": "5000"}).port == 5000


def test_flag_wins_over_environment():
    assert settings({"port": "6000"}, {"FOGBANK_PORT": "5000"}).port == 6000


def test_flag_wins_even_when_the_variable_is_wrong():
    assert settings({"port": "6000"}, {"FOGBANK_PORT": "many"}).port == 6000


def test_empty_variable_counts_as_not_set():
    assert settings(environ={"FOGBANK_PORT": "", "FOGBANK_EPHEMERAL": ""}) == Settings()


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False)])
def test_switch_is_read_from_the_environment(text, value):
    assert settings(environ={"FOGBANK_EPHEMERAL": text}).ephemeral is value


def test_switch_can_be_taken_back_by_a_flag():
    assert settings({"ephemeral": "0"}, {"FOGBANK_EPHEMERAL": "1"}).ephemeral is False


def test_data_directory_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert settings({"data_dir": "here"}).data_dir == str(tmp_path / "here")


def test_admin_hosts_are_separated_by_commas():
    assert settings({"admin_hosts": "a.example, B.example"}).admin_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "-1"),
        ("port", "65536"),
        ("port", "http"),
        ("port", "²"),
        ("workers", "0"),
        ("iam", "maybe"),
        ("durability", "disk"),
        ("credentials", "none"),
        ("log_level", "loud"),
        ("ephemeral", "2"),
        ("data_dir", ""),
        ("host", " "),
    ],
)
def test_bad_value_is_refused_naming_the_flag(name, text):
    with pytest.raises(SettingsError, match=f"^--{name.replace('_', '-')}: expected .*, not {text!r}$"):
        settings({name: text})


def test_bad_variable_is_refused_naming_the_variable():
    with pytest.raises(SettingsError, match=r"^FOGBANK_PORT: expected a port number from 0 to 65535, not 'x'$"):
        settings(environ={"FOGBANK_PORT": "x"})


@pytest.mark.parametrize(
    ("host", "public"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("box", "box")],
)
def test_public_host_is_one_that_clients_can_connect_to(host, public):
    assert Settings(host=host).public_host == public
