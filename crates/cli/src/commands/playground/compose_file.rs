//! A Compose file of this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::exit::Failure;

/// The names that the compose tool looks for, in its order.
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// A Compose file.
pub(in crate::commands) struct ComposeFile {
    pub(in crate::commands) path: PathBuf,
    pub(in crate::commands) text: String,
}

impl ComposeFile {
    /// Reads a file, or the one of a folder.
    pub(in crate::commands) fn read(path: &Path) -> Result<Self, Failure> {
        let path = match path.is_dir() {
            true => of_folder(path)?,
            false => path.to_owned(),
        };
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::io(format!("cannot read {}", path.display()), &error))?;
        Ok(Self { path, text })
    }

    /// The name of the folder that it is in.
    pub(super) fn folder_name(&self) -> Result<String, Failure> {
        let folder = self.path.canonicalize().ok();
        let folder = folder.as_deref().and_then(Path::parent);
        let name = folder.and_then(Path::file_name);
        let none = || Failure::usage("the folder has no name: give one with --name");
        Ok(name.ok_or_else(none)?.to_string_lossy().into_owned())
    }
}

fn of_folder(folder: &Path) -> Result<PathBuf, Failure> {
    let found = NAMES.iter().map(|name| folder.join(name));
    let found = found.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::usage(format!(
            "{} has no Compose file: none of {}",
            folder.display(),
            NAMES.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::ComposeFile;

    #[test]
    fn the_file_of_a_folder_is_found_in_the_order_of_the_compose_tool() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("shop");
        std::fs::create_dir(&dir).expect("a folder");
        let refused = ComposeFile::read(&dir).err().expect("it is empty");
        assert!(
            refused.text().contains("compose.yaml"),
            "{}",
            refused.text()
        );
        std::fs::write(dir.join("docker-compose.yml"), "b").expect("written");
        std::fs::write(dir.join("compose.yml"), "a").expect("written");
        let file = ComposeFile::read(&dir).expect("a file");
        assert_eq!(file.text, "a");
        assert_eq!(file.folder_name().expect("a name"), "shop");
    }
}
