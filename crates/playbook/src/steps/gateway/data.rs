//! Projects, tags, configuration and backups of a gateway.

use crate::steps::{StepParameter, StepType, gives, takes};

const PROJECT: StepParameter = takes("project_name", "string", "The project.")
    .required()
    .not(&["project", "name"]);

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "gateway.list_projects",
        "Lists the projects.",
        &[],
        &[
            gives(
                "projects",
                "list",
                "name, title, enabled, description, parent, version of each.",
            ),
            gives("count", "integer", "How many there are."),
        ],
    ),
    StepType::new(
        "gateway.get_project",
        "Gives one project.",
        &[PROJECT],
        &[gives(
            "project",
            "dict",
            "The project; the step fails when there is none.",
        )],
    ),
    StepType::new(
        "gateway.export_project",
        "Keeps a project as an artefact.",
        &[PROJECT, takes("save_as", "string", "The artefact's name.")],
        &[
            gives("file", "string", "The artefact's name."),
            gives("size", "integer", "Its size in bytes."),
        ],
    ),
    StepType::new(
        "gateway.import_project",
        "Imports a project from a zip file.",
        &[
            PROJECT,
            takes("file", "file", "The file.").required(),
            takes("overwrite", "boolean", "Whether it may replace one.").default("false"),
        ],
        &[gives("status", "string", "`imported`.")],
    ),
    StepType::new(
        "gateway.scan_projects",
        "Lets the gateway read its projects from disk.",
        &[],
        &[gives("status", "string", "`scanned`.")],
    ),
    StepType::new(
        "gateway.scan_config",
        "Lets the gateway read its configuration from disk.",
        &[],
        &[gives("status", "string", "`scanned`.")],
    ),
    StepType::new(
        "gateway.export_tags",
        "Keeps tags as an artefact.",
        &[
            takes("provider", "string", "The tag provider.").default("\"default\""),
            takes("path", "string", "The folder; without it, all."),
            takes("save_as", "string", "The artefact's name."),
        ],
        &[
            gives("file", "string", "The artefact's name."),
            gives("size", "integer", "Its size in bytes."),
        ],
    ),
    StepType::new(
        "gateway.import_tags",
        "Imports tags from a file.",
        &[
            takes("provider", "string", "The tag provider.").default("\"default\""),
            takes("path", "string", "The folder."),
            takes("file", "file", "The file.").required(),
        ],
        &[gives("status", "string", "`imported`.")],
    ),
    StepType::new(
        "gateway.backup",
        "Keeps a backup of the gateway as an artefact.",
        &[
            takes("save_as", "string", "The artefact's name.").not(&[
                "path",
                "file",
                "download_path",
            ]),
            takes("type", "string", "What is in it.")
                .default("\"all\"")
                .options(&["all", "roaming"]),
        ],
        &[
            gives("file", "string", "The artefact's name."),
            gives("size", "integer", "Its size in bytes."),
        ],
    ),
    StepType::new(
        "gateway.restore",
        "Restores a backup. The gateway restarts.",
        &[
            takes("file", "file", "The `.gwbk` file.")
                .required()
                .not(&["path", "file_path"]),
            takes(
                "disable_projects",
                "boolean",
                "Whether what is restored stays disabled.",
            )
            .default("false"),
            takes("new_name", "string", "Renames the gateway."),
            takes(
                "wait_for_ready",
                "boolean",
                "Whether it waits until the gateway runs again.",
            )
            .default("true"),
            takes("timeout", "float", "How long it waits.").seconds("300"),
        ],
        &[gives("status", "string", "`restored`.")],
    ),
];
