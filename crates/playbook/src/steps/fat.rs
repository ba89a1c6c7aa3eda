//! `fat.*`: reports of acceptance tests.

use super::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "fat.generate_report",
        "Writes a report of test results.",
        &[
            takes(
                "test_results",
                "dict",
                "The results: results, total, passed, failed, skipped.",
            )
            .required(),
            takes("visual_analysis", "any", "Further findings."),
            takes("screenshots_dir", "string", "Where pictures are."),
            takes("format", "string", "The format.")
                .default("\"html\"")
                .options(&["html", "json"]),
            takes("template", "string", "The layout."),
            takes(
                "metadata",
                "dict",
                "project_name, test_date, tester, client.",
            ),
        ],
        &[
            gives("status", "string", "`generated`."),
            gives("report_id", "string", "The report's id."),
            gives("report_path", "string", "The artefact's name."),
            gives("format", "string", "The format."),
            gives("total_tests", "integer", "How many tests there are."),
            gives("passed_tests", "integer", "How many passed."),
            gives("failed_tests", "integer", "How many failed."),
            gives(
                "visual_issues",
                "integer",
                "How many visual findings there are.",
            ),
        ],
    ),
    StepType::new(
        "fat.export_report",
        "Copies a report.",
        &[
            takes("report_id", "string", "The report's id.").required(),
            takes("format", "string", "The format.")
                .default("\"pdf\"")
                .options(&["html", "pdf"]),
            takes("output_path", "string", "The name of the copy."),
        ],
        &[
            gives("status", "string", "`exported`."),
            gives("format", "string", "The format."),
            gives("output_path", "string", "The name of the copy."),
            gives("report_id", "string", "The report's id."),
        ],
    ),
];
