"""A database URL is judged as an address is: where it leads, and that nothing in it switches trust off."""

import pytest

from connector.adapters.kit.form import NetworkForm
from connector.adapters.kit.network import Network
from connector.adapters.sql_store.address import Target, judge
from connector.adapters.sql_store.sessions import connect_options
from connector.errors import ConfigError

PUBLIC = NetworkForm()
PRIVATE = NetworkForm(network=Network.PRIVATE_CIDR, cidrs=("10.1.0.0/16",))
SANDBOX = NetworkForm(network=Network.SANDBOX)
PRODUCTS = ("postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql", "postgresql", "mysql")


def target(url: str, form: NetworkForm = PUBLIC, *addresses: str) -> Target:
    return judge(url, form, "url", lambda host, port: list(addresses))


@pytest.mark.parametrize("driver", PRODUCTS)
def test_a_plain_url_leads_to_its_host_and_port(driver: str) -> None:
    guard = target(f"{driver}://reader:p%40ss@hr.example.com:7000/hr").guard
    assert guard is not None and (guard.origin.host, guard.origin.port) == ("hr.example.com", 7000)


@pytest.mark.parametrize(("driver", "port"), [("postgresql", 5432), ("mysql", 3306), ("mariadb", 3306)])
def test_without_a_port_it_is_the_products_own(driver: str, port: int) -> None:
    guard = target(f"{driver}://reader@hr.example.com/hr").guard
    assert guard is not None and guard.origin.port == port


ODD_HOSTS = [
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[fe80::1%25eth0]", "pw@evil.example", "a,b", "%2Fvar%2Frun",
    "hr..example.com", "hr.example.com:99999", "hr.example.com\\", "", "a b",
]  # fmt: skip


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_an_odd_host_is_refused(driver: str, host: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        target(f"{driver}://reader:s3cret@{host}/hr")


def test_a_password_with_an_at_sign_is_told_how_to_write_it_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="%40") as found:
        target("postgresql://reader:s3c@ret@hr.example.com/hr")
    assert "s3c" not in str(found.value) and "ret@" not in str(found.value)


@pytest.mark.parametrize(
    "option",
    ["sslmode=disable", "sslmode=verify-full", "hostaddr=127.0.0.1", "host=evil.example", "host=/a&host=/b",
     "service=x", "sslrootcert=/dev/null", "options=-c", "passfile=/x", "gssencmode=prefer", "port=1"],
)  # fmt: skip
def test_an_option_that_bends_a_postgresql_address_or_its_trust_is_refused(option: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        target(f"postgresql://reader@hr.example.com/hr?{option}")


@pytest.mark.parametrize(
    "option",
    ["ssl_disabled=true", "ssl_verify_cert=false", "ssl_check_hostname=false", "ssl_ca=/x", "host=evil.example",
     "read_default_file=/x", "init_command=x", "local_infile=1", "unix_socket=relative"],
)  # fmt: skip
def test_an_option_that_bends_a_mariadb_address_or_its_trust_is_refused(option: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        target(f"mysql://reader@hr.example.com/hr?{option}")


@pytest.mark.parametrize("url", ["postgresql+psycopg2://h/d", "mysql+mysqldb://h/d", "mysql+asyncmy://h/d", "mssql://h/d"])
def test_a_driver_whose_way_to_connect_is_not_known_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="expected one of"):
        target(url)


@pytest.mark.parametrize("address", ["169.254.169.254", "127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "0.0.0.0"])
def test_a_public_database_is_never_at_an_inner_address(address: str) -> None:
    guard = target("postgresql://reader@hr.example.com/hr", PUBLIC, "8.8.8.8", address).guard
    with pytest.raises(ConfigError, match="private_cidr"):
        guard.addresses()  # type: ignore[union-attr]


@pytest.mark.parametrize("address", ["169.254.169.254", "10.2.0.1", "8.8.8.8", "127.0.0.1"])
def test_a_private_database_is_in_its_ranges_only(address: str) -> None:
    guard = target("mysql://reader@hr.corp/hr", PRIVATE, address).guard
    with pytest.raises(ConfigError, match=r"url 'hr\.corp'"):
        guard.addresses()  # type: ignore[union-attr]


def test_the_metadata_address_written_as_a_host_is_refused() -> None:
    guard = target("postgresql://reader@169.254.169.254/hr", PUBLIC, "169.254.169.254").guard
    with pytest.raises(ConfigError, match=r"169\.254\.169\.254"):
        guard.addresses()  # type: ignore[union-attr]


def test_a_public_postgresql_is_verified_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    options = connect_options(target("postgresql://reader@hr.example.com/hr"), 60)
    said = [options[name] for name in ("sslmode", "ssl_min_protocol_version", "gssencmode")]
    assert said == ["verify-full", "TLSv1.2", "disable"]
    assert options["sslrootcert"].endswith(".pem")


def test_a_public_mariadb_is_given_a_context_that_verifies() -> None:
    context = connect_options(target("mysql://reader@hr.example.com/hr"), 60)["ssl"]
    assert context.check_hostname and context.verify_mode.name == "CERT_REQUIRED"


@pytest.mark.parametrize("form", [PRIVATE, SANDBOX])
@pytest.mark.parametrize("driver", ["postgresql", "mysql"])
def test_only_a_listed_range_or_the_sandbox_may_go_without_tls(driver: str, form: NetworkForm) -> None:
    found = target(f"{driver}://reader@hr.corp/hr", form)
    options = connect_options(found, 60)
    assert not found.is_verified and options.get("sslmode", "prefer") == "prefer" and "ssl" not in options


def test_a_private_database_with_a_ca_file_is_verified(tmp_path) -> None:
    form = PRIVATE.model_copy(update={"ca_file": str(tmp_path / "none.pem")})
    found = target("postgresql://reader@hr.corp/hr", form)
    assert found.is_verified
    with pytest.raises(ConfigError, match=r"ca_file .*none\.pem"):
        connect_options(found, 60)


@pytest.mark.parametrize(
    ("url", "socket"),
    [("postgresql://reader@/hr?host=/var/run/postgresql", "/var/run/postgresql"),
     ("mysql://reader@/hr?unix_socket=/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock")],
)  # fmt: skip
def test_a_socket_of_this_machine_needs_no_network(url: str, socket: str) -> None:
    found = target(url)
    assert (found.guard, found.socket) == (None, socket)
    assert socket in connect_options(found, 60).values()


def test_a_host_beside_a_socket_is_refused() -> None:
    with pytest.raises(ConfigError, match="a host beside it"):
        target("mysql://reader@evil.example/hr?unix_socket=/run/mysqld/mysqld.sock")


def test_a_socket_is_not_bent_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "203.0.113.7")
    with pytest.raises(ConfigError, match="PGHOSTADDR"):
        target("postgresql://reader@/hr?host=/var/run/postgresql")
