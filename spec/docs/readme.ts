/** README.md as its blocks of code and its tables; how they are marked is said at its top. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/source-tree.ts'

/** Some lines of a file, and where they were. */
export interface Lines {
  /** Of the first line, from 1. */
  readonly line: number
  readonly code: string
}

export interface Block extends Lines {
  /** `ts`, `sh`, `json` … */
  readonly language: string
  /** What stands behind the language: `run`, `tour`, a file name, or nothing. */
  readonly word: string
  /** The heading it stands under. */
  readonly heading: string
  /** Code that the reader does not see, in a comment before the block. */
  readonly setUp: Lines | undefined
}

export interface Readme {
  readonly text: string
  readonly blocks: readonly Block[]
}

export function readReadme(): Readme {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  return { text, blocks: blocksOf(text.split('\n')) }
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  let heading = ''
  let setUp: Lines | undefined
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    heading = /^##+ (.*)/.exec(line)?.[1] ?? heading
    if (line.startsWith('<!-- ts:')) {
      setUp = linesUntil(lines, at, '-->')
      at += setUp.code.split('\n').length
    }
    const fence = /^```(\w+) ?(\S*)$/.exec(line)
    if (fence === null) continue
    const [, language = '', word = ''] = fence
    const body = linesUntil(lines, at, '```')
    blocks.push({ language, word, heading, setUp, ...body })
    setUp = undefined
    at = body.line + body.code.split('\n').length - 1
  }
  return blocks
}

/** The lines after `at`, up to the one that is `end`. */
function linesUntil(lines: readonly string[], at: number, end: string): Lines {
  const length = lines.slice(at + 1).indexOf(end)
  if (length === -1) throw new Error(`README.md:${at + 1} is never closed by ${end}`)
  return { line: at + 2, code: lines.slice(at + 1, at + 1 + length).join('\n') }
}

/** The rows of the table whose first heading is `first`, as cells of Markdown. */
export function tableOf(text: string, first: string): string[][] {
  const lines = text.split('\n')
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`))
  if (head === -1) throw new Error(`README.md has no table whose first heading is ${first}`)
  const rows = lines.slice(head + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map(cellsOf)
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, row.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}

/** The first piece of code of a cell: `` `text()`, and so on `` gives `text()`. */
export function codeOf(cell: string): string {
  return /`([^`]+)`/.exec(cell)?.[1] ?? ''
}
