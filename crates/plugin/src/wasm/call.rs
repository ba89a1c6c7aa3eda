//! One call of a component. It runs on a thread for blocking work, so that no component, whatever it
//! does, keeps others from running; the caller can end it at any time.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wasmtime::{Store, Trap, UpdateDeadline, WasmBacktrace};

use super::{
    Component,
    bindings::{Context, Plugin, PluginPre},
    output::Heard,
    state::HostState,
    stop::{PATIENCE, Stop},
};
use crate::{
    JsonText,
    answered::Answered,
    failure::Cause,
    limits::Limits,
    logs::{Logs, cut},
    protocol::{self, Call, Storage},
    storage::Ledger,
};

/// How long what a trap says may be.
const MESSAGE_BYTES: usize = 2 << 10;

/// A call with everything that it takes along to its thread.
enum Request {
    Execute(Context),
    Summarize(Vec<String>),
    Describe,
}

pub(super) async fn perform(
    component: &Component,
    call: &Call<'_>,
    limits: &Limits,
    cancel: &CancellationToken,
    logs: &mut Logs,
) -> Result<Answered, Cause> {
    let heard = Arc::new(Heard::default());
    let (pre, place) = component.place();
    let alive = Arc::new(());
    let stop = Stop::new(pre.engine(), &alive);
    let (request, storage) = packed(call);
    let mut work = {
        let stop = stop.token.clone();
        let mut limits = *limits;
        // Each component of the engine that counts has a bound, and no other can have one.
        limits.fuel = component.fueled.then(|| limits.fuel.unwrap_or(u64::MAX));
        let state = HostState::new(&limits, storage, Arc::clone(&component.network), &heard);
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let done = runtime.block_on(run(pre, state, request, limits, stop));
            // The instance is gone.
            drop((place, alive));
            done
        })
    };
    let result = tokio::select! {
        biased;
        done = &mut work => done.map_err(Cause::host).flatten(),
        () = cancel.cancelled() => Err(Cause::Cancelled),
        () = tokio::time::sleep(limits.timeout) => Err(Cause::Timeout { after: limits.timeout }),
    };
    // The log is complete when the instance is gone.
    while !work.is_finished() {
        stop.now();
        let _ = tokio::time::timeout(PATIENCE, &mut work).await;
    }
    let result = if heard.is_flooded() {
        Err(Cause::Output {
            limit: limits.output_bytes,
        })
    } else {
        result
    };
    *logs = std::mem::take(&mut *heard.logs());
    result.map_err(|cause| match (cause, panic_text(logs)) {
        // Why it gave up says more than where.
        (Cause::Trap { .. }, Some(message)) => Cause::Trap { message },
        (cause, _) => cause,
    })
}

/// The text of the panic that a component in Rust printed before it trapped, on one line.
fn panic_text(logs: &Logs) -> Option<String> {
    const MARK: &str = "panicked at ";
    let begun = logs
        .lines
        .iter()
        .rposition(|line| line.message.contains(MARK))?;
    let first = &logs.lines[begun].message;
    let first = &first[first.find(MARK)?..];
    let more = logs.lines[begun + 1..].iter().map(|line| &*line.message);
    let more = more
        .take_while(|line| !line.starts_with("note: ") && !line.starts_with("stack backtrace:"));
    let more: Vec<&str> = more.filter(|line| !line.is_empty()).collect();
    let text = format!("{first} {}", more.join(" "));
    Some(cut(text.trim_end(), MESSAGE_BYTES).to_owned())
}

fn packed(call: &Call<'_>) -> (Request, Storage) {
    match call {
        Call::Execute { context } => {
            let request = Request::Execute(Context {
                job_id: context.job_id.clone(),
                input: context.input.get().to_owned(),
                output: context.output.as_ref().map(ToString::to_string),
                debug: context.debug,
            });
            (request, context.storage.clone())
        }
        Call::Summarize { metrics } => {
            let metrics = metrics.iter().map(ToString::to_string).collect();
            (Request::Summarize(metrics), Storage::new())
        }
        Call::Describe => (Request::Describe, Storage::new()),
    }
}

async fn run(
    pre: PluginPre<HostState>,
    state: HostState,
    request: Request,
    limits: Limits,
    stop: CancellationToken,
) -> Result<Answered, Cause> {
    let mut store = Store::new(pre.engine(), state);
    store.limiter(|state| &mut state.room);
    let token = stop.clone();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if token.is_cancelled() {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        })
    });
    let fueled = limits.fuel.map(|fuel| store.set_fuel(fuel));
    fueled.transpose().map_err(Cause::host)?;
    let called = tokio::select! {
        biased;
        () = stop.cancelled() => Err(Cause::Cancelled),
        called = ask(&pre, &mut store, request, &limits) => called,
    };
    let ledger = store.into_data().finish();
    called.map(|answered| with_changes(answered, ledger))
}

fn with_changes(answered: Answered, ledger: Ledger) -> Answered {
    Answered {
        changes: ledger.into_changes(),
        ..answered
    }
}

async fn ask(
    pre: &PluginPre<HostState>,
    store: &mut Store<HostState>,
    request: Request,
    limits: &Limits,
) -> Result<Answered, Cause> {
    let instance = match pre.instantiate_async(&mut *store).await {
        Ok(instance) => instance,
        Err(error) => return Err(broken(&error, store, limits)),
    };
    let answer = match request {
        Request::Execute(context) => execute(&instance, store, &context, limits).await,
        Request::Summarize(metrics) => summarize(&instance, store, &metrics, limits).await,
        Request::Describe => describe(&instance, store).await,
    };
    answer.unwrap_or_else(|error| Err(broken(&error, store, limits)))
}

/// The outer error is a trap.
type Asked = wasmtime::Result<Result<Answered, Cause>>;

async fn execute(
    instance: &Plugin,
    store: &mut Store<HostState>,
    context: &Context,
    limits: &Limits,
) -> Asked {
    let outcome = match instance.call_execute(store, context).await? {
        Ok(outcome) => outcome,
        Err(message) => return Ok(Err(Cause::reported(&message))),
    };
    let length = outcome.metric.len() + outcome.output.as_ref().map_or(0, String::len);
    if length as u64 > limits.output_bytes {
        return Ok(Err(Cause::Output {
            limit: limits.output_bytes,
        }));
    }
    Ok(answered(&outcome.metric, outcome.output.as_deref()))
}

fn answered(metric: &str, output: Option<&str>) -> Result<Answered, Cause> {
    Ok(Answered {
        metric: Some(json("metric", metric)?),
        output: output.map(|output| json("output", output)).transpose()?,
        ..Answered::default()
    })
}

async fn summarize(
    instance: &Plugin,
    store: &mut Store<HostState>,
    metrics: &[String],
    limits: &Limits,
) -> Asked {
    Ok(match instance.call_summarize(store, metrics).await? {
        Ok(Some(summary)) if summary.len() as u64 > limits.output_bytes => Err(Cause::Output {
            limit: limits.output_bytes,
        }),
        Ok(Some(summary)) => json("summary", &summary).map(|summary| Answered {
            summary: Some(summary),
            ..Answered::default()
        }),
        Ok(None) => Ok(Answered::default()),
        Err(message) => Err(Cause::reported(&message)),
    })
}

async fn describe(instance: &Plugin, store: &mut Store<HostState>) -> Asked {
    let description = instance.call_describe(store).await?;
    Ok(Ok(Answered {
        description: Some(protocol::Description {
            name: description.name,
            version: description.version,
            description: description.description,
        }),
        ..Answered::default()
    }))
}

fn json(what: &str, text: &str) -> Result<JsonText, Cause> {
    JsonText::new(text).map_err(|error| Cause::protocol(format!("the {what} is no JSON: {error}")))
}

/// Why an instance broke off.
fn broken(error: &wasmtime::Error, store: &Store<HostState>, limits: &Limits) -> Cause {
    if let (Some(Trap::OutOfFuel), Some(limit)) = (error.downcast_ref::<Trap>(), limits.fuel) {
        return Cause::Fuel { limit };
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Cause::Exit { code: exit.0 };
    }
    // A component that gets no more memory gives up in its own way, mostly by a trap.
    if store.data().room.refused {
        return Cause::Memory {
            limit: limits.memory_bytes,
        };
    }
    let mut message = error.root_cause().to_string();
    let names: Vec<&str> = error
        .downcast_ref::<WasmBacktrace>()
        .into_iter()
        .flat_map(WasmBacktrace::frames)
        .filter_map(|frame| frame.func_name())
        .take(8)
        .collect();
    if !names.is_empty() {
        message = format!("{message} in {}", names.join(" < "));
    }
    Cause::Trap {
        message: String::from(cut(&message, MESSAGE_BYTES)),
    }
}
