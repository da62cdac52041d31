// goyaml judges YAML streams with go-yaml v3, the parser behind kustomize, kpt and Helm 4.
//
// It reads records of a 32-bit little-endian length and that many bytes from stdin, and answers each
// with one byte (1 accepted, 0 rejected) and the 64-bit FNV-1a hash of the tree in the spelling of
// ../canonical.hpp. A length of 0xFFFFFFFF asks it to flush.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

const flush = 0xFFFFFFFF

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	var header [4]byte
	for {
		if _, err := io.ReadFull(in, header[:]); err != nil {
			out.Flush()
			return
		}
		length := binary.LittleEndian.Uint32(header[:])
		if length == flush {
			out.Flush()
			continue
		}
		stream := make([]byte, length)
		if _, err := io.ReadFull(in, stream); err != nil {
			os.Exit(1)
		}
		tree, accepted := judge(stream)
		var answer [9]byte
		if accepted {
			answer[0] = 1
			hash := fnv.New64a()
			hash.Write(tree)
			binary.LittleEndian.PutUint64(answer[1:], hash.Sum64())
		}
		out.Write(answer[:])
	}
}

func judge(stream []byte) (tree []byte, accepted bool) {
	defer func() {
		if recover() != nil {
			tree, accepted = nil, false
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(stream))
	var out bytes.Buffer
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out.Bytes(), true
		}
		if err != nil {
			return nil, false
		}
		out.WriteByte('\n')
		write(&out, &document)
	}
}

func write(out *bytes.Buffer, node *yaml.Node) {
	if node.Kind == yaml.DocumentNode {
		for _, child := range node.Content {
			write(out, child)
		}
		return
	}
	if node.Kind == yaml.AliasNode {
		out.WriteString("*" + node.Value + " ")
		return
	}
	if node.Anchor != "" {
		out.WriteString("&" + node.Anchor + " ")
	}
	if node.Style&yaml.TaggedStyle != 0 {
		out.WriteString(strings.Replace(node.Tag, "tag:yaml.org,2002:", "!!", 1) + " ")
	}
	brackets := map[yaml.Kind]string{yaml.MappingNode: "{}()", yaml.SequenceNode: "[]<>"}[node.Kind]
	if brackets == "" {
		out.WriteByte(style(node.Style))
		out.WriteString(strconv.Itoa(len(node.Value)))
		out.WriteByte(':')
		out.WriteString(node.Value)
		return
	}
	if node.Style&yaml.FlowStyle != 0 {
		brackets = brackets[2:]
	}
	out.WriteByte(brackets[0])
	for _, child := range node.Content {
		write(out, child)
	}
	out.WriteByte(brackets[1])
}

func style(style yaml.Style) byte {
	switch {
	case style&yaml.SingleQuotedStyle != 0:
		return 's'
	case style&yaml.DoubleQuotedStyle != 0:
		return 'd'
	case style&yaml.LiteralStyle != 0:
		return 'l'
	case style&yaml.FoldedStyle != 0:
		return 'f'
	}
	return 'p'
}
