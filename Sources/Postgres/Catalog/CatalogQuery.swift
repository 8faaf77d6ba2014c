/// The questions to the system catalog.
enum CatalogQuery {
    /// One row for each table, column and key column, told apart by the first value; so all of it is
    /// seen by one snapshot.
    ///
    /// Table: kind, oid, order, schema, name, on the search path, partitioned, may insert, row
    /// security, number of columns, may replace.
    /// Column: kind, oid, attnum, name, type's name, not null, default, may insert, domain,
    /// base type's oid, modifier, identity, generated.
    /// Key: kind, oid, order, index, column, primary, immediate.
    /// Index: kind, oid, order, index, column, primary, unique, descending.
    static let tables = """
        with recursive base (start, oid, modifier, not_null, has_default) as (
            select t.oid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault is not null
            from pg_catalog.pg_type t where t.typtype = 'd'
            union all
            select b.start, t.typbasetype, case when b.modifier = -1 then t.typtypmod
                else b.modifier end, b.not_null or t.typnotnull,
                b.has_default or t.typdefault is not null
            from base b join pg_catalog.pg_type t on t.oid = b.oid and t.typtype = 'd'
        ), relation as (
            select c.oid, n.nspname, c.relname, c.relkind, c.relnatts,
                pg_catalog.has_table_privilege(c.oid, 'INSERT') as may_insert,
                pg_catalog.has_table_privilege(c.oid, 'SELECT')
                    and pg_catalog.has_table_privilege(c.oid, 'UPDATE') as may_replace
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
                and n.nspname !~ '^(pg_|_timescaledb_|timescaledb_|information_schema$)'
                and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        )
        select 'table', r.oid::text, 0, r.nspname::text, r.relname::text,
            pg_catalog.pg_table_is_visible(r.oid), r.relkind = 'p', r.may_insert,
            case when pg_catalog.row_security_active(r.oid) then 't' end,
            r.relnatts::text, case when r.may_replace then 't' end, null, null, 0 as kind_order
        from relation r
        union all
        select 'column', r.oid::text, a.attnum, a.attname::text,
            pg_catalog.format_type(a.atttypid, a.atttypmod),
            a.attnotnull or coalesce(b.not_null, false),
            (a.atthasdef and a.attgenerated = '') or coalesce(b.has_default, false),
            pg_catalog.has_column_privilege(r.oid, a.attnum, 'INSERT'),
            case when b.start is not null then pg_catalog.format_type(a.atttypid, null) end,
            coalesce(b.oid, a.atttypid)::text, coalesce(b.modifier, a.atttypmod)::text,
            a.attidentity::text, case when a.attgenerated <> '' then 't' end, 1
        from relation r
        join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        left join base b on b.start = a.atttypid
            and not exists (select from pg_catalog.pg_type t where t.oid = b.oid and t.typtype = 'd')
        union all
        select 'key', r.oid::text, row_number() over (
                partition by r.oid order by i.indisprimary desc, x.relname, k.place),
            x.relname::text, a.attname::text, i.indisprimary, i.indimmediate, null,
            null, null, null, null, null, 2
        from relation r
        join pg_catalog.pg_index i on i.indrelid = r.oid and i.indisunique and i.indisvalid
            and i.indexprs is null and i.indpred is null
        join pg_catalog.pg_class x on x.oid = i.indexrelid
        cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = k.attnum
        where k.place <= i.indnkeyatts
        union all
        select 'index', r.oid::text, row_number() over (
                partition by r.oid
                order by i.indisprimary desc, i.indisunique desc, x.relname, k.place),
            x.relname::text, a.attname::text, i.indisprimary, i.indisunique, k.option & 1 = 1,
            null, null, null, null, null, 3
        from relation r
        join pg_catalog.pg_index i on i.indrelid = r.oid and i.indisvalid
            and i.indexprs is null and i.indpred is null
        join pg_catalog.pg_class x on x.oid = i.indexrelid
        join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'btree'
        cross join lateral unnest(i.indkey::int2[], i.indoption::int2[])
            with ordinality as k (attnum, option, place)
        join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = k.attnum
        where k.place <= i.indnkeyatts
        order by kind_order, 2, 3
        """

    /// No row when the database does not have the extension.
    static let timescaleVersion = """
        select extversion from pg_catalog.pg_extension where extname = 'timescaledb'
        """

    /// The database's name, and whether the role may make temporary tables in it.
    static let temporary = """
        select pg_catalog.current_database(), pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')
        """

    /// The time dimensions of hypertables; only for a database that has the extension.
    static let timeDimensions = """
        select c.oid::text, d.column_name::text
        from timescaledb_information.dimensions d
        join pg_catalog.pg_namespace n on n.nspname = d.hypertable_schema
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = d.hypertable_name
        where d.dimension_type = 'Time'
        order by c.oid, d.dimension_number
        """

    /// Chunks that a person had put into a schema of their own.
    static let strayChunks = """
        select i.inhrelid::text
        from timescaledb_information.hypertables h
        join pg_catalog.pg_namespace n on n.nspname = h.hypertable_schema
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = h.hypertable_name
        join pg_catalog.pg_inherits i on i.inhparent = c.oid
        join pg_catalog.pg_class k on k.oid = i.inhrelid
        join pg_catalog.pg_namespace s on s.oid = k.relnamespace
        where s.nspname !~ '^_timescaledb_'
        """
}
