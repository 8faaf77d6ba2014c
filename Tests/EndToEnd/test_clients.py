"""Senders that no one here wrote."""

from influxdb import InfluxDBClient
from telegraf.client import TelegrafClient

from support.wait import wait_until_equal

READINGS = "environmental_environmentalreading"
WEATHER = "environmental_weatherdata"


def test_the_influxdb_client_sends_points_by_udp(daemon, database):
    database.create_table(
        "device", '"timestamp" timestamptz NOT NULL, name text, alive boolean, restarts integer'
    )
    daemon.start()
    client = InfluxDBClient(use_udp=True, host="127.0.0.1", udp_port=daemon.port)
    client.write_points(
        [
            {
                "measurement": READINGS,
                "tags": {"sensor_id": str(sensor)},
                "time": f"2026-09-01T12:00:00.{sensor:06d}Z",
                "fields": {"temperature": sensor / 7, "oxygen": 90.0},
            }
            for sensor in range(100)
        ]
        + [
            {
                "measurement": "device",
                "time": "2026-09-01T12:00:00Z",
                "fields": {"name": 'pump "7", north\\south', "alive": True, "restarts": 3},
            }
        ]
    )
    client.close()
    query = f"""SELECT sensor_id, temperature, oxygen, to_char("timestamp" AT TIME ZONE 'UTC', 'US')
                FROM {READINGS} ORDER BY sensor_id"""
    expected = [(sensor, sensor / 7, 90.0, f"{sensor:06d}") for sensor in range(100)]
    wait_until_equal("the readings", lambda: database.rows(query), expected)
    wait_until_equal(
        "the device",
        lambda: database.rows("SELECT name, alive, restarts FROM device"),
        [('pump "7", north\\south', True, 3)],
    )


def test_pytelegraf_sends_metrics_by_udp(daemon, database):
    daemon.start()
    client = TelegrafClient(host="127.0.0.1", port=daemon.port)
    for area in range(20):
        client.metric(
            WEATHER,
            {"wind_speed": area / 4, "temperature": -1.5, "cloud_cover": 3},
            tags={"area_id": str(area)},
            timestamp=1_790_000_000_000_000_000 + area * 1000,
        )
    client.socket.close()
    query = f"SELECT area_id, wind_speed, temperature, cloud_cover FROM {WEATHER} ORDER BY area_id"
    expected = [(area, area / 4, -1.5, 3.0) for area in range(20)]
    wait_until_equal("the weather", lambda: database.rows(query), expected)
