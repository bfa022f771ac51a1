// Package tree makes a directory hold the files of a generated SDK.
package tree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Write makes the directory hold exactly these files (path below it to contents). The entries of the directory that are
// named in kept stay as they are, and a file of that name among the generated ones is left out.
func Write(directory string, files map[string][]byte, kept []string) error {
	if err := clear(directory, kept); err != nil {
		return err
	}
	for path, contents := range files {
		if slices.Contains(kept, path) {
			continue
		}
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

func clear(directory string, kept []string) error {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(kept, entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(directory, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
