-- The tables that readings go to: one wide row per sensor (or area) and instant.
-- A parameter is a nullable column: add one, and fields of that name fill it from then on.
-- The primary key is what makes a reading that was sent twice appear once. It begins with the
-- sensor, because that is how readings are asked for; the time alone is found by its chunk.

CREATE TABLE IF NOT EXISTS environmental_environmentalreading (
    "timestamp" timestamptz NOT NULL,
    sensor_id   bigint NOT NULL,
    temperature double precision,
    oxygen      double precision,
    ph          double precision,
    salinity    double precision,
    PRIMARY KEY (sensor_id, "timestamp")
);

CREATE TABLE IF NOT EXISTS environmental_weatherdata (
    "timestamp"    timestamptz NOT NULL,
    area_id        bigint NOT NULL,
    temperature    double precision,
    wind_speed     double precision,
    wind_direction double precision,
    precipitation  double precision,
    wave_height    double precision,
    wave_period    double precision,
    wave_direction double precision,
    cloud_cover    double precision,
    PRIMARY KEY (area_id, "timestamp")
);
