package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// What npm and tsc put beside the sources; it is not ours to remove.
var built = []string{"bin", "node_modules", "package-lock.json"}

// writeTree makes the directory hold exactly these files (path below it to contents), besides what was built there.
func writeTree(directory string, files map[string][]byte) error {
	if err := clear(directory); err != nil {
		return err
	}
	for path, contents := range files {
		target := filepath.Join(directory, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, contents, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func clear(directory string) error {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(built, entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(directory, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
