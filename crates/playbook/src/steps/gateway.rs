//! `gateway.*`: the REST contract of an Ignition 8.3 gateway. Times are seconds.

use super::{StepParameter, StepType, gives, takes};

/// What every step of a gateway takes.
pub(super) const CONNECTION: &[StepParameter] = &[
    takes(
        "gateway_url",
        "string",
        "The gateway; without it, the execution's.",
    )
    .not(&["url"]),
    takes(
        "api_token",
        "string",
        "An API token `name:secret`, instead of a login.",
    ),
    takes(
        "verify_tls",
        "boolean",
        "Whether the certificate must be valid.",
    )
    .default("true"),
];

const MODULE: StepParameter = takes("module_name", "string", "The module's id or name.")
    .required()
    .not(&["module", "module_id", "name"]);
const RESTART_WAIT: StepParameter = takes("timeout", "float", "How long it waits.")
    .seconds("120")
    .not(&["timeout_seconds"]);
const PROJECT: StepParameter = takes("project_name", "string", "The project.")
    .required()
    .not(&["project", "name"]);

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "gateway.login",
        "Logs in. The steps after it use this login.",
        &[
            takes("username", "string", "The user.").not(&["user"]),
            takes(
                "password",
                "any",
                "The password, or a credential that has both.",
            )
            .not(&["pass"]),
        ],
        &[gives("status", "string", "`logged_in`.")],
    ),
    StepType::new(
        "gateway.logout",
        "Forgets the login.",
        &[],
        &[gives("status", "string", "`logged_out`.")],
    ),
    StepType::new(
        "gateway.ping",
        "Asks whether the gateway runs. It never fails.",
        &[],
        &[
            gives("status", "string", "`ok`."),
            gives(
                "response",
                "boolean",
                "Whether the gateway answered and runs.",
            ),
            gives("state", "string", "The state that it says."),
        ],
    ),
    StepType::new(
        "gateway.get_info",
        "Gives version, edition and license.",
        &[],
        &[gives(
            "info",
            "dict",
            "version, platform_version, edition, license_key, uptime_seconds and all that the gateway says.",
        )],
    ),
    StepType::new(
        "gateway.get_health",
        "Gives the state and the load of the gateway.",
        &[],
        &[gives(
            "health",
            "dict",
            "healthy, uptime_seconds, thread_count, memory_used_mb, memory_max_mb.",
        )],
    ),
    StepType::new(
        "gateway.list_modules",
        "Lists the modules.",
        &[],
        &[
            gives(
                "modules",
                "list",
                "name, version, state, description, license_required of each.",
            ),
            gives("count", "integer", "How many there are."),
        ],
    ),
    StepType::new(
        "gateway.upload_module",
        "Installs a module, or a new version of one.",
        &[
            takes(
                "file",
                "file",
                "The `.modl` file, relative to the playbook.",
            )
            .required()
            .not(&["file_path", "path"]),
            takes(
                "accept_license",
                "boolean",
                "Whether its license is accepted.",
            )
            .default("true"),
            takes(
                "accept_certificate",
                "boolean",
                "Whether its certificate is trusted.",
            )
            .default("true"),
        ],
        &[
            gives("module_id", "string", "The module's id."),
            gives(
                "pending_restart",
                "boolean",
                "Whether the new version waits for a restart.",
            ),
        ],
    ),
    StepType::new(
        "gateway.wait_for_module_installation",
        "Waits until a module runs.",
        &[
            MODULE,
            takes("timeout", "float", "How long it waits.").seconds("300"),
        ],
        &[
            gives("status", "string", "`installed`."),
            gives("module_name", "string", "The module."),
        ],
    ),
    StepType::new(
        "gateway.uninstall_module",
        "Removes a module.",
        &[MODULE],
        &[
            gives("status", "string", "`uninstalled`."),
            gives("module_id", "string", "The module's id."),
        ],
    ),
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
        "gateway.restart",
        "Restarts the gateway.",
        &[
            takes(
                "wait_for_ready",
                "boolean",
                "Whether it waits until the gateway runs again.",
            )
            .default("false"),
            RESTART_WAIT,
        ],
        &[gives("status", "string", "`restarted`.")],
    ),
    StepType::new(
        "gateway.wait_for_ready",
        "Waits until the gateway runs and is commissioned.",
        &[
            RESTART_WAIT,
            takes("interval", "float", "The pause between two looks.")
                .seconds("2")
                .not(&["check_interval"]),
        ],
        &[
            gives("status", "string", "`ready`."),
            gives("waited_seconds", "float", "How long it took."),
        ],
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
    StepType::new(
        "gateway.get_trial",
        "Gives the state of the trial.",
        &[],
        &[
            gives("trial_state", "string", "What is in trial."),
            gives("seconds_left", "integer", "How long it goes on."),
            gives("expired", "boolean", "Whether it is over."),
        ],
    ),
    StepType::new(
        "gateway.reset_trial",
        "Starts the trial again when it is over.",
        &[],
        &[
            gives(
                "status",
                "string",
                "`reset`, or `running` when it is not over.",
            ),
            gives("seconds_left", "integer", "How long it goes on."),
        ],
    ),
];
