// Command earlier writes the SDKs whose generators are no longer part of the module that tools/sdk uses: C# and Java.
// Their present ones belong to their language hosts, which are no modules that can be had by version; these are the last
// that can.
//
//	earlier generate LANGUAGE SCHEMA DIR  writes the SDK into DIR; files there that are no longer part of it go
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"sdn.invalid/tools/sdk/tree"
)

const (
	usage = "usage: earlier generate LANGUAGE SCHEMA DIR"
	// tool is the name that the generated files give as their author.
	tool = "tools/sdk"
)

type language struct {
	generate func(*schema.Package) (map[string][]byte, error)
	// What compilers put beside the generated files.
	kept []string
}

var languages = map[string]language{
	"dotnet": {generate: generateDotnet, kept: []string{"bin", "obj"}},
	"java":   {generate: generateJava, kept: []string{"target"}},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 || args[0] != "generate" {
		return errors.New(usage)
	}
	language, known := languages[args[1]]
	if !known {
		return fmt.Errorf("%s: no language of this generator", args[1])
	}
	pkg, err := bind(args[2])
	if err != nil {
		return err
	}
	files, err := language.generate(pkg)
	if err != nil {
		return fmt.Errorf("generate the SDK for %s: %w", args[1], err)
	}
	return tree.Write(args[3], files, language.kept)
}

func bind(path string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// The schema names no other package, so there is none to load.
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("%s: %w", path, diagnostics)
	}
	importers := map[string]schema.Language{"csharp": dotnet.Importer, "java": java.Importer}
	if err := pkg.ImportLanguages(importers); err != nil {
		return nil, fmt.Errorf("%s: language settings: %w", path, err)
	}
	return pkg, nil
}
