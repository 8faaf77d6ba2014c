import Ingest
import Testing

@Suite struct RejectReasonTests {
    /// Counts are kept on disk by this order: names are added at the end, and none ever moves.
    @Test func `each reason has its number for ever`() {
        #expect(
            RejectReason.all.map(\.name) == [
                "measurement", "tag", "duplicate_tag", "field", "value", "range", "string",
                "timestamp", "invalid_utf8", "invalid_char", "line_too_long", "truncated",
                "not_a_number", "not_an_integer", "not_finite", "out_of_range", "not_a_boolean",
                "not_a_time", "not_a_date", "not_a_uuid", "not_json", "too_deep", "too_long",
                "nul_character", "invalid_text",
                "no_table", "table_problem", "no_column", "missing_value", "row_too_long",
                "unique_violation", "foreign_key_violation", "not_null_violation",
                "check_violation", "exclusion_violation", "constraint_violation",
                "data_exception", "suppressed",
                "time_too_far_ahead", "time_too_old", "time_wrong_unit",
            ])
    }

    @Test func `what the database refused is told apart from what was refused before`() {
        let refused = RejectReason.all.filter(\.isFromDatabase).map(\.name)
        #expect(refused.first == "unique_violation" && refused.last == "suppressed")
        #expect(refused.count == 8)
    }
}
