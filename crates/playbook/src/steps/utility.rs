//! `utility.*`: waiting, logging, variables, checks, scripts.

use super::{StepParameter, StepType, gives, takes};

const ENVIRONMENT: StepParameter = takes(
    "env",
    "dict",
    "Environment variables besides `PATH`, `HOME` and `LANG`.",
);

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "utility.sleep",
        "Waits. More than ten seconds park the execution, which then needs no executor.",
        &[takes("seconds", "float", "How long.")
            .seconds("1")
            .not(&["duration", "time"])],
        &[gives("slept", "float", "How long it waited, in seconds.")],
    ),
    StepType::new(
        "utility.log",
        "Writes a line to the execution's log.",
        &[
            takes("message", "any", "What it says.")
                .default("\"\"")
                .not(&["text", "msg"]),
            takes("level", "string", "How important it is.")
                .default("\"info\"")
                .options(&["debug", "info", "warning", "error"]),
        ],
        &[
            gives("logged", "string", "The message."),
            gives("level", "string", "Its level."),
        ],
    ),
    StepType::new(
        "utility.set_variable",
        "Sets a variable of this playbook: `{{ variable.NAME }}`.",
        &[
            takes("name", "string", "Its name.")
                .required()
                .not(&["variable", "key"]),
            takes("value", "any", "Its value, of any type.").required(),
        ],
        &[
            gives("variable", "string", "Its name."),
            gives("value", "any", "Its value."),
        ],
    ),
    StepType::new(
        "utility.get_variable",
        "Gives the value of a variable.",
        &[
            takes("name", "string", "Its name.")
                .required()
                .not(&["variable", "key"]),
            takes(
                "default",
                "any",
                "The value when it is not set; without it, the step fails.",
            ),
        ],
        &[
            gives("variable", "string", "Its name."),
            gives("value", "any", "Its value."),
        ],
    ),
    StepType::new(
        "utility.assert",
        "Fails unless a condition holds.",
        &[
            takes(
                "that",
                "expression",
                "An expression as in `when`, or a list of them.",
            )
            .required()
            .not(&["condition", "when", "expression"]),
            takes(
                "message",
                "string",
                "What the error says when it does not hold.",
            ),
        ],
        &[gives("checked", "integer", "How many conditions hold.")],
    ),
    StepType::new(
        "utility.template",
        "Renders a longer text with templates, loops and conditions of Jinja.",
        &[
            takes("template", "template", "The text.")
                .required()
                .not(&["text", "content"]),
            takes(
                "file",
                "string",
                "Keeps the text as an artefact of this name.",
            ),
        ],
        &[
            gives("text", "string", "The rendered text."),
            gives(
                "file",
                "string",
                "The name of the artefact, if there is one.",
            ),
        ],
    ),
    StepType::new(
        "utility.shell",
        "Runs a command or a shell script in the isolation of binary jobs. Printed lines `key=value` become \
         fields of the output.",
        &[
            takes(
                "command",
                "any",
                "A program with its arguments, as a list; or text, which the shell reads.",
            )
            .not(&["cmd", "argv", "args"]),
            takes(
                "script",
                "string",
                "A script for the shell, instead of a command.",
            )
            .not(&["code", "run"]),
            takes("shell", "string", "The shell that reads a script.").default("\"/bin/sh\""),
            takes("stdin", "string", "What it reads as its standard input."),
            ENVIRONMENT,
            takes(
                "files",
                "dict",
                "Files that are laid into its directory: name and content.",
            ),
            takes("expect", "list", "Exit codes that are no failure.").default("[0]"),
            takes("network", "boolean", "Whether it may use the network.").default("true"),
        ],
        &[
            gives("exit_code", "integer", "Its exit code."),
            gives(
                "_output",
                "string",
                "What it printed to its standard output, at most 1 MiB.",
            ),
            gives(
                "_error",
                "string",
                "What it printed to its standard error, at most 64 KiB.",
            ),
        ],
    ),
    StepType::new(
        "utility.python",
        "Runs a Python script in a process of its own, in the isolation of binary jobs. Printed lines \
         `key=value` become fields of the output. `Path`, `zipfile`, `ET`, `json`, `time`, `set_variable` and \
         `get_variable` are there.",
        &[
            takes("script", "string", "The script.")
                .required()
                .not(&["code", "source"]),
            ENVIRONMENT,
            takes(
                "packages",
                "list",
                "Names of packages that must be installed where it runs.",
            ),
            takes("network", "boolean", "Whether it may use the network.").default("true"),
        ],
        &[gives(
            "_output",
            "string",
            "What it printed to its standard output, at most 1 MiB.",
        )],
    ),
    StepType::known(
        "utility.wait",
        "it is not performed: use utility.sleep for a time, or browser.wait for an element",
    ),
];
