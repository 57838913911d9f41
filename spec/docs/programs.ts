/**
 * README.md's `ts` blocks as programs that TypeScript and Node read: each line of code stands in
 * the line it has in README.md, so that messages name it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ExpressionStatement, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import { root } from '../support/source-tree.ts'
import type { Block, Lines } from './readme.ts'

/** What a program of README.md is made of, and what of it. */
export interface Program {
  /** The name of its file, without folder. */
  readonly file: string
  readonly heading: string
  readonly runs: boolean
  readonly text: string
}

/** The names that programs use without importing them, and where they are from. */
type Names = ReadonlyMap<string, { readonly from: string; readonly isType: boolean }>

/** What a comment behind a statement says of it. */
export interface Marks {
  /** What it gives, as JavaScript, or as Node shows it with `…` for anything. */
  readonly value?: string
  /** `Name: message`, with `…` for anything. */
  readonly fails?: string
  /** The statements it sends, with `…` for anything; undefined where nothing is said of them. */
  readonly sends?: readonly string[]
}

/** A program for each block that only compiles, and one for all that run under one heading. */
export function programsOf(blocks: readonly Block[], models: readonly string[]): Program[] {
  const names = importable(models)
  const code = blocks.filter(({ language, word }) => language === 'ts' && !word.endsWith('.ts'))
  const running = new Map<string, Block[]>()
  for (const block of code.filter(({ word }) => word === 'run')) {
    running.set(block.heading, [...(running.get(block.heading) ?? []), block])
  }
  return [
    ...code.filter(({ word }) => word === '').map((block) => program([block], names, false)),
    ...[...running.values()].map((together) => program(together, names, true)),
  ]
}

function program(blocks: readonly Block[], names: Names, runs: boolean): Program {
  const parts: Lines[] = blocks.flatMap(({ setUp, ...block }) => (setUp ? [setUp, block] : [block]))
  const lines: string[] = []
  for (const { line, code } of parts) {
    code.split('\n').forEach((text, at) => {
      lines[line - 1 + at] = text
    })
  }
  const text = Array.from(lines, (line) => line ?? '')
  text[0] = importsFor(text.join('\n'), names)
  const { line = 0, heading = '' } = blocks[0] ?? {}
  return { file: `line-${line}.ts`, heading, runs, text: `${text.join('\n')}\n` }
}

/** The exports of `lib/index.ts`, and the models of the tour. */
function importable(models: readonly string[]): Names {
  const names = new Map<string, { from: string; isType: boolean }>()
  const add = (text: string, isType: boolean): void => {
    for (const name of text.match(/\w+/g) ?? []) names.set(name, { from: 'asynchrormous', isType })
  }
  const index = readFileSync(join(root, 'lib/index.ts'), 'utf8')
  for (const [, type, list = ''] of index.matchAll(/export (type )?\{([^}]*)\}/g)) {
    add(list, type !== undefined)
  }
  const errors = readFileSync(join(root, 'lib/errors.ts'), 'utf8')
  for (const [, name = ''] of errors.matchAll(/export class (\w+)/g)) add(name, false)
  for (const name of models) names.set(name, { from: './models.ts', isType: false })
  return names
}

/** One line; `export {}` makes a module of a program that needs no import. */
function importsFor(code: string, names: Names): string {
  const imports = [...names]
    .filter(([name]) => new RegExp(`(?<![.\\w'])${name}\\b`).test(code))
    .filter(([name]) => !new RegExp(`\\b(class|const|let|function|type) ${name}\\b`).test(code))
    .map(([name, { from, isType }]) => `import { ${isType ? 'type ' : ''}${name} } from '${from}'`)
  return [...imports, 'export {}'].join('; ')
}

/** How many comments of a program look like a mark, wherever they stand. */
export function marksIn(text: string): number {
  return text.split('\n').map(commentOf).filter(isMark).length
}

/** A program whose marked statements tell `docs` what they do, each in its own line. */
export interface Instrumented {
  readonly code: string
  /** How many marks were found behind statements. */
  readonly marks: number
}

export function instrument(text: string, ast: SourceFile): Instrumented {
  let result = ''
  let done = 0
  let count = 0
  const { statements } = ast
  statements.forEach((statement, at) => {
    const start = statement.getStart()
    const comments = commentsBehind(text.slice(statement.end, statements[at + 1]?.getStart()))
    const marks = marksOf(comments)
    if (!comments.some(isMark)) return
    count += comments.filter(isMark).length
    const where = `${text.slice(0, start).split('\n').length}, ${JSON.stringify(marks)}`
    const value = isInspected(marks.value) ? '' : `, () => (${marks.value})`
    const source = text.slice(start, statement.end)
    result += text.slice(done, start)
    if (statement.kind === SyntaxKind.ExpressionStatement) {
      const expression = (statement as ExpressionStatement).expression.getText()
      result += `;await docs.check(${where}, async () => (${expression})${value});`
    } else {
      const name = /^const (\w+)/.exec(source)?.[1] ?? 'undefined'
      result += `;await docs.begin();${source};await docs.end(${where}, ${name}${value});`
    }
    done = statement.end
  })
  return { code: result + text.slice(done), marks: count }
}

/** Instances, maps and values with `…` are compared as Node shows them. */
export function isInspected(value: string | undefined): boolean {
  return value === undefined || /…|^\[?[A-Z]\w*(\(\d+\))? \{/.test(value)
}

/** The comment at the end of the line, and those that stand alone in the lines that follow it. */
function commentsBehind(text: string): string[] {
  const [same = '', ...lines] = text.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('// '))
  return [same, ...lines.slice(0, end === -1 ? undefined : end)].map(commentOf)
}

function commentOf(line: string): string {
  return /(?:^|\s)\/\/ (.*)$/.exec(line)?.[1] ?? ''
}

const SENT = /^(select|insert|update|delete|begin|commit|rollback|savepoint|release) /i

function isMark(comment: string): boolean {
  return Object.keys(marksOf([comment])).length > 0
}

function marksOf(comments: readonly string[]): Marks {
  let marks: Marks = {}
  for (const comment of comments) {
    const [, value, silent] = /^→ (.*?)(, no query)?$/.exec(comment) ?? []
    const fails = /^throws (.*)$/.exec(comment)?.[1]
    if (value !== undefined) marks = { ...marks, value }
    if (fails !== undefined) marks = { ...marks, fails }
    if (silent !== undefined || comment === 'no query') marks = { ...marks, sends: [] }
    if (SENT.test(comment)) marks = { ...marks, sends: [...(marks.sends ?? []), comment] }
  }
  return marks
}
