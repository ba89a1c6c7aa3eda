//! Steps that make, change, use and destroy playgrounds: `playground.*`.

use super::{StepOutput, StepParameter, StepType, gives, takes};

const NAMED: StepParameter = takes(
    "playground",
    "any",
    "Its id or its name. `env` is another word for it where it is no map of variables.",
)
.not(&["name", "id"]);

const SERVICES: StepParameter = takes(
    "services",
    "dict",
    "What is set of each service, as the API has it; `branch` stands for `git_config.branch_name` and \
    `env` for `env_vars`. An empty `branch` counts as none.",
);

const ID: StepOutput = gives("id", "integer", "Its id.");
const NAME: StepOutput = gives("name", "string", "Its name.");
const STATUS: StepOutput = gives("status", "string", "Its status, such as `running`.");
const URLS: StepOutput = gives(
    "urls",
    "dict",
    "Where each service is reached, by its name.",
);
const STATES: StepOutput = gives(
    "services",
    "dict",
    "Each service by its name: status, health, running, exit_code.",
);
const PROJECT: StepOutput = gives("project", "string", "Its Compose project.");
const NETWORK: StepOutput = gives("network", "string", "The network of its services.");
const PLAYROOM: StepOutput = gives("playroom", "string", "The name of its playroom.");
const EXPIRES: StepOutput = gives("expires_at", "string", "When its time is over.");
const JOB: StepOutput = gives(
    "job",
    "dict",
    "In job mode: success, exit_code and service_results.",
);

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "playground.create",
        "Makes a playground and waits until it runs. Another try of the step goes on with the playground that \
        the first one made. Its password is in no output.",
        &[
            takes("name", "string", "Its name; without it, one of this step and execution."),
            takes("playspec", "any", "The id or the name of a playspec.").not(&["spec", "playspec_id"]),
            takes(
                "compose",
                "file",
                "Instead of a playspec: a Compose file of the library, by its path from the playbook's folder. \
                A `playspec` that is not empty goes before it.",
            )
            .not(&["file", "compose_file"]),
            takes("playroom", "any", "The id or the name of a playroom; default the only one, or `local`."),
            SERVICES,
            takes("branch", "string", "The branch of the services that `branch_of` names; an empty one counts as none."),
            takes("branch_of", "list", "The services of `branch`."),
            takes(
                "subdomains",
                "dict",
                "Subdomains of services; without it, each has one of its service and the playground's name, so that \
                several executions can have playgrounds of one playspec at once.",
            )
            .not(&["service_subdomains"]),
            takes("env", "dict", "Variables of all services; they may have secrets.")
                .not(&["env_overrides", "environment"]),
            takes("variables", "dict", "The values of the variables that the Compose file's template declares.")
                .not(&["vars", "template_variables"]),
            takes("job_mode", "boolean", "Whether it runs until its watched services exit.")
                .default("false"),
            takes("watched_services", "list", "In job mode: the services that are waited for."),
            takes(
                "ttl",
                "any",
                "How long it lives, such as `1h`, or a number of seconds; default eight hours, in job mode one.",
            )
            .not(&["expires_in", "lifetime"]),
        ],
        &[ID, NAME, STATUS, URLS, STATES, PROJECT, NETWORK, PLAYROOM, EXPIRES],
    ),
    StepType::new(
        "playground.wait",
        "Waits until a playground is as it is to be. A job that fails fails the step.",
        &[
            NAMED,
            takes("for", "string", "What is waited for; `completed` is for job mode.")
                .default("\"healthy\"")
                .options(&["running", "healthy", "completed"]),
            takes("timeout", "float", "How long it waits.").seconds("300"),
        ],
        &[ID, NAME, STATUS, URLS, STATES, PROJECT, NETWORK, PLAYROOM, EXPIRES, JOB],
    ),
    StepType::new(
        "playground.rollout",
        "Changes a playground, and only what differs of it, and waits until it runs.",
        &[
            NAMED,
            takes("playspec", "any", "Another playspec, by its id or its name."),
            SERVICES,
            takes("env", "dict", "Variables of all services that are set; the others stay. They may have secrets.")
                .not(&["env_overrides", "environment"]),
            takes("variables", "dict", "The values of the variables that the Compose file's template declares, in place of all values before.")
                .not(&["vars", "template_variables"]),
        ],
        &[
            ID,
            NAME,
            STATUS,
            URLS,
            STATES,
            PROJECT,
            NETWORK,
            PLAYROOM,
            EXPIRES,
            gives("plan", "dict", "What was done with each service."),
        ],
    ),
    StepType::new(
        "playground.destroy",
        "Destroys a playground with all that belongs to it, and waits for that. One that does not exist is fine. \
        It goes on when the execution ends before.",
        &[takes(
            "playground",
            "any",
            "Its id or its name, also as `env`; without one, every playground that steps of this execution made.",
        )
        .not(&["name", "id"])],
        &[
            gives("status", "string", "`destroyed`, or how the last one stands when the execution was cancelled."),
        ],
    ),
    StepType::new(
        "playground.exec",
        "Runs a command in a container of a playground, at most once for each try of the step. `name=value` lines that \
        it prints are outputs of these names.",
        &[
            NAMED,
            takes("service", "string", "The service in whose container it runs.").required(),
            takes("command", "any", "The program and its arguments as a list, or a text for the shell.")
                .not(&["cmd", "args"]),
            takes("script", "string", "A text for the shell."),
            takes("shell", "string", "The shell.").default("\"/bin/sh\""),
            takes("env", "dict", "More variables; they may have secrets.").not(&["environment"]),
            takes("user", "string", "Who runs it; without it, the container's own user."),
            takes("directory", "string", "Where; without it, the container's own directory.")
                .not(&["cwd", "workdir"]),
            takes("expect", "list", "Exit codes that are no failure.").default("[0]"),
        ],
        &[
            gives("operation_id", "string", "The operation, which has what it prints as it is printed."),
            gives("exit_code", "integer", "Its exit code."),
            gives("stdout", "string", "What it printed, as far as that is kept."),
            gives("stderr", "string", "The same of its standard error."),
        ],
    ),
];
