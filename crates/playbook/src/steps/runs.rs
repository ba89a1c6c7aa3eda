//! Steps that start other work or wait for people: `playbook.run`, `job.run`, `plugins.run`, `gate`, `approval`.

use super::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "playbook.run",
        "Runs another playbook of the library. Every other parameter is one of its parameters.",
        &[takes("playbook", "string", "Its path in the library.")
            .required()
            .not(&["playbook_path", "path"])],
        &[
            gives("playbook", "string", "Its path."),
            gives("status", "string", "`completed`."),
            gives(
                "steps_executed",
                "integer",
                "How many of its steps were done.",
            ),
            gives("steps", "list", "Its steps: step_id, step_name and status."),
            gives("outputs", "dict", "Its outputs."),
        ],
    )
    .open(),
    StepType::new(
        "job.run",
        "Runs a program on the fleet. Its output is live under the job's id, its end is the step's.",
        &[
            takes("url", "string", "Where the program is.").not(&["binary_url"]),
            takes(
                "sha256",
                "string",
                "The program's SHA-256, in hexadecimal digits.",
            )
            .not(&["binary_sha256"]),
            takes(
                "program",
                "file",
                "A file of the library, by its path from the playbook's folder.",
            )
            .not(&["file", "binary"]),
            takes("arguments", "list", "Its arguments; they may have secrets.")
                .default("[]")
                .not(&["args"]),
            takes("env", "dict", "Its environment; it may have secrets.").not(&["env_variables", "environment"]),
            takes(
                "files",
                "dict",
                "Files that are laid into its directory: name and content, or a map with `file` (a path \
                in the library, from the playbook's folder) or with `url` and `sha256`.",
            ),
            takes(
                "name",
                "string",
                "What the job is called; without it, the step's name.",
            ),
            takes(
                "playground",
                "any",
                "The id or the name of a playground: the job runs where it is, reaches its services by their \
                names, and has PLAYGROUND_ID, PLAYGROUND_HOST_<SERVICE> and PLAYGROUND_URL_<SERVICE>.",
            ),
            takes("priority", "string", "Its class in the queue.")
                .default("\"foreground\"")
                .options(&["foreground", "background", "best_effort"]),
            takes("expect", "list", "Exit codes that are no failure.").default("[0]"),
            takes(
                "max_bytes",
                "integer",
                "How much of its output is kept in the step's output.",
            )
            .default("65536"),
        ],
        &[
            gives("job_id", "string", "The job's id."),
            gives("exit_code", "integer", "Its exit code."),
            gives("stdout", "string", "The end of what it printed."),
            gives("json", "any", "The same as a value, if all of it is JSON."),
            gives(
                "stderr",
                "string",
                "The end of what it printed to its standard error.",
            ),
            gives(
                "outputs",
                "list",
                "The artefacts that it left: name, sha256, size.",
            ),
        ],
    ),
    StepType::new(
        "plugins.run",
        "Runs a pipeline of plugins. Their metrics are the step's output.",
        &[
            takes(
                "plugins",
                "list",
                "The pipeline: names of plugins, in their order.",
            )
            .required(),
            takes("input", "any", "What the first plugin takes."),
            takes("retries", "integer", "How often a plugin is tried again.").default("3"),
        ],
        &[
            gives("job_id", "string", "The plugin job's id."),
            gives("metrics", "dict", "The metric of each plugin."),
            gives("summary", "dict", "The summary of each plugin."),
            gives("output", "any", "What the last plugin left."),
        ],
    ),
    StepType::new(
        "gate",
        "Compares values with limits, or with the last good execution of this playbook.",
        &[
            takes(
                "conditions",
                "list",
                "Maps with value and min, max, equals, or max_change in percent against the \
                last good execution, where the condition of the same name is compared.",
            )
            .required()
            .not(&["checks", "limits"]),
            takes(
                "on_fail",
                "string",
                "What happens when a condition does not hold.",
            )
            .default("\"fail\"")
            .options(&["fail", "ask"]),
            takes("prompt", "string", "What is asked, with `ask`."),
            takes("roles", "list", "With `ask`: who may answer, as of an `approval`.")
                .default("[]")
                .not(&["approvers", "users"]),
            takes("count", "integer", "With `ask`: how many must approve.").default("1"),
            takes(
                "not_requester",
                "boolean",
                "With `ask`: whether who started the execution may not answer.",
            )
            .default("false"),
            takes("wait", "float", "With `ask`: how long it waits for an answer.").unit("s"),
            takes("on_timeout", "string", "With `ask`: what happens then.")
                .default("\"fail\"")
                .options(&["fail", "approve", "reject"]),
        ],
        &[
            gives("passed", "boolean", "Whether every condition holds."),
            gives("approval", "dict", "With `ask`: what was answered, as of an `approval`."),
            gives(
                "results",
                "list",
                "Each condition with its value and the limit.",
            ),
        ],
    ),
    StepType::new(
        "approval",
        "Waits for the answer of a person, which is its output. A rejection fails the step.",
        &[
            takes("prompt", "string", "What is asked.")
                .required()
                .not(&["message", "question"]),
            takes("input", "dict", "A JSON Schema of what is to be filled in."),
            takes(
                "roles",
                "list",
                "Roles or names of keys that may answer; empty for all who may run playbooks.",
            )
            .default("[]")
            .not(&["approvers", "users"]),
            takes("count", "integer", "How many must approve.").default("1"),
            takes(
                "not_requester",
                "boolean",
                "Whether who started the execution may not answer.",
            )
            .default("false"),
            takes(
                "wait",
                "float",
                "How long it waits for an answer; without it, as long as the step's `timeout`, which \
                has no default here.",
            )
            .unit("s"),
            takes("on_timeout", "string", "What happens then.")
                .default("\"fail\"")
                .options(&["fail", "approve", "reject"]),
        ],
        &[
            gives("approved", "boolean", "What was answered."),
            gives("by", "list", "Who answered."),
            gives("at", "string", "When the last answer came."),
            gives("input", "any", "What was filled in."),
            gives("comment", "string", "What the last answer says besides."),
        ],
    ),
];
