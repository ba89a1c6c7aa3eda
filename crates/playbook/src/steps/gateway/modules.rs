//! Modules of a gateway.

use crate::steps::{StepParameter, StepType, gives, takes};

const MODULE: StepParameter = takes("module_name", "string", "The module's id or name.")
    .required()
    .not(&["module", "module_id", "name"]);

pub(super) const TYPES: &[StepType] = &[
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
];
