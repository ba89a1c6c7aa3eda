//! `designer.*` and `ai.*`: known so that old playbooks load, never performed.

use super::StepType;

const DESIGNER: &str = "it is not performed: it needs the desktop of a machine with Ignition Designer; use gateway steps";
const AI: &str = "it is not performed: the system that it comes from removed it; use browser.verify steps or approval";

pub(super) const TYPES: &[StepType] = &[
    StepType::known("designer.launch", DESIGNER),
    StepType::known("designer.launch_shortcut", DESIGNER),
    StepType::known("designer.login", DESIGNER),
    StepType::known("designer.open_project", DESIGNER),
    StepType::known("designer.close", DESIGNER),
    StepType::known("designer.screenshot", DESIGNER),
    StepType::known("designer.wait", DESIGNER),
    StepType::known("ai.generate", AI),
    StepType::known("ai.validate", AI),
    StepType::known("ai.analyze", AI),
    StepType::known("ai.assert", AI),
    StepType::known("ai.generate_test_cases", AI),
    StepType::known("ai.analyze_page_structure", AI),
    StepType::known("ai.verify_visual_consistency", AI),
];
