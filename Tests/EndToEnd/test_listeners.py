"""Sockets: families, addresses, who may send, how much at once."""

import os
import socket

from support.send import free_port
from support.wait import wait_until_equal

BASE = 1_790_000_000_000_000_000
READINGS = "environmental_environmentalreading"

# Bytes of payload that UDP over IPv4 carries.
LARGEST_DATAGRAM = 65_507


def line(sensor: int) -> str:
    return f"{READINGS},sensor_id={sensor} temperature=1 {BASE}"


def sensors(database):
    return lambda: [
        row[0] for row in database.rows(f"SELECT sensor_id FROM {READINGS} ORDER BY sensor_id")
    ]


def test_an_ipv6_listener_receives(daemon, database):
    port = free_port("::1")
    daemon.config["udp"] = [{"listen": f"[::1]:{port}"}]
    daemon.start()
    daemon.sender(port=port, address="::1").send(line(6))
    wait_until_equal("the row", sensors(database), [6])


def test_two_listeners_receive_side_by_side(daemon, database):
    other = free_port()
    daemon.config["udp"].append({"listen": f"127.0.0.1:{other}", "name": "other"})
    daemon.start()
    first, second = daemon.sender(), daemon.sender(port=other)
    for number in range(20):
        (first if number % 2 else second).send(line(number))
    wait_until_equal("all rows", sensors(database), list(range(20)))


def test_senders_outside_the_allowed_networks_are_dropped(daemon, database):
    daemon.config["udp"][0]["allow"] = ["127.0.0.1/32", "127.0.1.0/24"]
    daemon.start()
    for sensor, source in enumerate(["127.0.0.1", "127.0.0.2", "127.0.1.77", "127.0.2.1"]):
        daemon.sender(source=source).send(line(sensor))
    wait_until_equal("the allowed rows", sensors(database), [0, 2])
    daemon.stop()
    assert sensors(database)() == [0, 2]
    assert daemon.totals()["refused"] == 2


def test_allowed_ipv6_networks_are_honoured(daemon, database):
    port, closed = free_port("::1"), free_port("::1")
    daemon.config["udp"] = [
        {"listen": f"[::1]:{port}", "allow": ["::1/128"]},
        {"listen": f"[::1]:{closed}", "allow": ["fd00::/8"], "name": "closed"},
    ]
    daemon.start()
    daemon.sender(port=closed, address="::1").send(line(1))
    daemon.sender(port=port, address="::1").send(line(2))
    wait_until_equal("the allowed row", sensors(database), [2])
    daemon.stop()
    assert sensors(database)() == [2]


def test_a_datagram_above_the_largest_allowed_is_rejected_whole(daemon, database):
    daemon.config["udp"][0]["datagram_max"] = "1KiB"
    daemon.start()
    sender = daemon.sender()
    sender.send(line(1))
    sender.send(*(line(sensor) for sensor in range(100, 150)))
    sender.send(line(2))
    wait_until_equal("the small datagrams", sensors(database), [1, 2])
    daemon.stop()
    assert sensors(database)() == [1, 2]
    assert daemon.totals()["truncated"] == 1


def test_the_largest_datagram_that_udp_carries_is_taken_whole(daemon, database):
    daemon.start()
    # Lines of one length, as many as fit, and a comment that fills the rest.
    count = LARGEST_DATAGRAM // len(line(1000) + "\n") - 1
    lines = "".join(line(sensor) + "\n" for sensor in range(1000, 1000 + count))
    datagram = lines.encode().ljust(LARGEST_DATAGRAM, b"#")
    daemon.sender().send_bytes(datagram)
    wait_until_equal("all its rows", sensors(database), list(range(1000, 1000 + count)))


def test_an_empty_datagram_is_nothing(daemon, database):
    daemon.start()
    sender = daemon.sender()
    sender.send_bytes(b"")
    sender.send(line(1))
    wait_until_equal("the row behind it", sensors(database), [1])


def test_a_port_that_is_taken_is_an_error_that_names_it(daemon):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", daemon.port))
        daemon.launch()
        assert daemon.wait() != 0
    assert daemon.find_in_log(f"127.0.0.1:{daemon.port}")
    assert not daemon.is_ready()


def test_a_receive_buffer_that_is_not_granted_is_complained_about(daemon):
    with open("/proc/sys/net/core/rmem_max") as file:
        granted = int(file.read())
    daemon.config["udp"][0]["receive_buffer"] = f"{granted // 1024 * 4}KiB"
    # root may exceed the limit; without this capability it may not either.
    if os.geteuid() == 0:
        daemon.prefix = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
    daemon.start()
    daemon.wait_for_log("rmem_max")
