//! `gateway.*`: the REST contract of an Ignition 8.3 gateway. Times are seconds.

mod data;
mod modules;

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

/// All step types of a gateway.
pub(super) const ALL: [&[StepType]; 3] = [TYPES, data::TYPES, modules::TYPES];

const RESTART_WAIT: StepParameter = takes("timeout", "float", "How long it waits.")
    .seconds("120")
    .not(&["timeout_seconds"]);

const TYPES: &[StepType] = &[
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
