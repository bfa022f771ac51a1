module sdn.invalid/tools/sdk/tree

go 1.26
