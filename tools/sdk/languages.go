package main

import (
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// tool is the name that the generated files give as their author.
const tool = "tools/sdk"

type language struct {
	importer schema.Language
	generate func(*schema.Package) (map[string][]byte, error)
	// What stands beside the generated files: built by a compiler, or written by hand.
	kept []string
}

// The schema names no other package, so the generators have none to load. A local Node SDK compiles itself when it is
// installed from a folder.
var languages = map[string]language{
	"nodejs": {
		importer: nodejs.Importer,
		generate: func(pkg *schema.Package) (map[string][]byte, error) {
			return nodejs.GeneratePackage(tool, pkg, nil, nil, true, nil)
		},
		kept: []string{"bin", "node_modules", "package-lock.json"},
	},
	"python": {
		importer: python.Importer,
		generate: func(pkg *schema.Package) (map[string][]byte, error) {
			return python.GeneratePackage(tool, pkg, nil, nil)
		},
	},
	"go": {
		importer: golang.Importer,
		generate: func(pkg *schema.Package) (map[string][]byte, error) {
			return golang.GeneratePackage(tool, pkg, nil)
		},
		// The generated go.mod names the SDK alone; ours has its dependencies too, as `go mod tidy` wrote them.
		kept: []string{"go.mod", "go.sum"},
	},
}
