import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type ClassDeclaration,
  type ExportDeclaration,
  type NamedExports,
  type Node,
  SyntaxKind,
  type VariableStatement,
} from 'typescript/unstable/ast'
import {
  filesIn,
  isFunction,
  lineCount,
  placeOf,
  readLib,
  root,
  type SourceModule,
  walk,
} from './support/source-tree.ts'

/** Which rooms, and which packages, each room may import: the picture in CONTRIBUTING.md. */
const rooms: Record<string, { rooms: readonly string[]; packages?: readonly string[] }> = {
  'errors.ts': { rooms: [] },
  util: { rooms: ['errors.ts'] },
  fields: { rooms: ['util', 'errors.ts'], packages: ['zod'] },
  meta: { rooms: ['fields', 'util', 'errors.ts'], packages: ['zod'] },
  query: { rooms: ['meta', 'fields', 'util', 'errors.ts'] },
  compile: { rooms: ['query', 'meta', 'fields', 'util', 'errors.ts'], packages: ['knex'] },
  hydrate: { rooms: ['query', 'meta', 'fields', 'util', 'errors.ts'] },
  database: { rooms: ['util', 'errors.ts'], packages: ['knex'] },
  queryset: {
    rooms: [
      ...['compile', 'hydrate', 'database', 'query'],
      ...['meta', 'fields', 'util', 'errors.ts'],
    ],
  },
  model: {
    rooms: [
      ...['queryset', 'hydrate', 'database', 'query'],
      ...['meta', 'fields', 'util', 'errors.ts'],
    ],
  },
  migrations: { rooms: ['meta', 'fields', 'util', 'errors.ts'], packages: ['knex'] },
  'index.ts': {
    rooms: [
      ...['model', 'queryset', 'migrations', 'hydrate', 'database', 'compile'],
      ...['query', 'meta', 'fields', 'util', 'errors.ts'],
    ],
  },
}

/** The rooms that are synchronous and pure (law 2). */
const pureRooms = ['errors.ts', 'util', 'fields', 'meta', 'query', 'compile', 'hydrate']

describe('the house', () => {
  let lib: readonly SourceModule[]

  before(() => {
    lib = readLib()
  })

  /** Every node of every file that is at fault, as `path:line`. */
  const places = (isAtFault: (node: Node, module: SourceModule) => boolean): string[] =>
    lib.flatMap((module) =>
      [...walk(module.ast)]
        .filter((node) => isAtFault(node, module))
        .map((node) => placeOf(module, node)),
    )

  it('has only the rooms of the picture', () => {
    expect(lib.filter(({ path }) => !(roomOf(path) in rooms)).map(({ path }) => path)).to.eql([])
  })

  it('has kebab-case file names', () => {
    const odd = lib.filter(({ path }) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9-]+\.ts$/.test(path))
    expect(odd.map(({ path }) => path)).to.eql([])
  })

  it('imports in one direction, types included', () => {
    const wrong = lib.flatMap(({ path, imports }) =>
      imports
        .flatMap(({ target }) => target ?? [])
        .filter((to) => roomOf(to) !== roomOf(path))
        .filter((to) => !rooms[roomOf(path)]?.rooms.includes(roomOf(to)))
        .map((to) => `lib/${path} imports lib/${to}`),
    )
    expect(wrong).to.eql([])
  })

  it('imports packages only where they belong', () => {
    const wrong = lib.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, specifier }) => target === undefined && !specifier.startsWith('node:'))
        .filter(({ specifier }) => {
          const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
          return !rooms[roomOf(path)]?.packages?.includes(name)
        })
        .map(({ specifier }) => `lib/${path} imports ${specifier}`),
    )
    expect(wrong).to.eql([])
  })

  it('has no import loop, types included', () => {
    expect(findLoop(lib)).to.eql([])
  })

  it('imports nothing for its side effects alone, as package.json promises bundlers', () => {
    const bare = lib.flatMap(({ path, imports }) =>
      imports.filter((one) => one.bare).map(({ specifier }) => `lib/${path} imports ${specifier}`),
    )
    expect(bare).to.eql([])
  })

  it('has no file over 400 lines but queryset/queryset.ts', () => {
    const long = lib
      .filter(({ path }) => path !== 'queryset/queryset.ts')
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 400)
    expect(long).to.eql([])
  })

  it('has no function over 60 lines', () => {
    expect(places((node, module) => isFunction(node) && lineCount(module, node) > 60)).to.eql([])
  })

  it('is synchronous in the rooms below queryset, except database', () => {
    const wrong = places(
      (node, { path }) =>
        pureRooms.includes(roomOf(path)) &&
        (node.kind === SyntaxKind.AwaitExpression || node.kind === SyntaxKind.AsyncKeyword),
    )
    expect(wrong).to.eql([])
  })

  it('has no `any` in what it exports', () => {
    const wrong = lib.flatMap((module) =>
      module.ast.statements
        .filter(isExported)
        .flatMap((statement) => [...walk(statement, (node) => !isBody(node))])
        .filter((node) => node.kind === SyntaxKind.AnyKeyword)
        .map((node) => placeOf(module, node)),
    )
    expect(wrong).to.eql([])
  })

  it('defines error classes only in errors.ts', () => {
    const known = lib.find(({ path }) => path === 'errors.ts')
    const names = [...(known?.ast.statements ?? [])].filter(isClass).map((node) => nameOf(node))
    const errors = new Set([...names, 'Error', 'TypeError', 'RangeError', 'SyntaxError'])
    const wrong = places(
      (node, { path }) =>
        path !== 'errors.ts' && isClass(node) && errors.has(baseOf(node) ?? 'no base'),
    )
    expect(wrong).to.eql([])
  })

  it('never throws a bare Error', () => {
    const wrong = places(
      (node) =>
        node.kind === SyntaxKind.ThrowStatement &&
        /^throw\s+(new\s+)?Error\s*\(/.test(node.getText()),
    )
    expect(wrong).to.eql([])
  })

  it('writes private members with #', () => {
    const keywords = [SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword]
    expect(places((node) => keywords.includes(node.kind))).to.eql([])
  })

  it('leaves no TODO or FIXME', () => {
    const left = lib.filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text))
    expect(left.map(({ path }) => path)).to.eql([])
  })

  it('documents every export of index.ts', () => {
    const index = lib.find(({ path }) => path === 'index.ts')
    if (index === undefined) expect.fail('lib/index.ts is missing')
    expect(undocumented(index, lib)).to.eql([])
  })
})

describe('the specs', () => {
  it('name the database whose connections they count or end: others are in use beside', () => {
    const spec = join(root, 'spec')
    // These have a server of their own.
    const files = filesIn(spec).filter((path) => path !== 'soak/restarts.ts')
    const unnamed = files.flatMap((path) => {
      const text = readFileSync(join(spec, path), 'utf8')
      const asked = [...text.matchAll(/\b(?:from|join) pg_(?:stat_activity|locks)\b/g)]
      return asked
        .filter(({ index }) => !/datname/.test(text.slice(index - NEAR, index + NEAR)))
        .map(({ index }) => `${path}:${text.slice(0, index).split('\n').length}`)
    })
    expect(unnamed).to.eql([])
  })
})

describe('the package', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    peerDependencies: Record<string, string>
    peerDependenciesMeta: Record<string, { optional?: boolean }>
  }

  it('depends on knex and zod alone', () => {
    expect(Object.keys(manifest.dependencies)).to.have.members(['knex', 'zod'])
  })

  it('leaves every driver to the user', () => {
    const optional = Object.keys(manifest.peerDependencies).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional,
    )
    expect(optional).to.have.members(Object.keys(manifest.peerDependencies))
  })
})

/** Within how many characters a query on the server's connections says which. */
const NEAR = 120

function roomOf(path: string): string {
  return path.split('/', 1).join('')
}

/** One loop of imports as the files on it, or nothing. */
function findLoop(lib: readonly SourceModule[]): string[] {
  const modules = new Map(lib.map((module) => [module.path, module]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return []
    for (const { target } of modules.get(path)?.imports ?? []) {
      const loop = target === undefined ? [] : visit(target, [...trail, path])
      if (loop.length > 0) return loop
    }
    done.add(path)
    return []
  }
  return lib.map(({ path }) => visit(path, [])).find((loop) => loop.length > 0) ?? []
}

function isClass(node: Node): node is ClassDeclaration {
  return node.kind === SyntaxKind.ClassDeclaration
}

function baseOf(node: ClassDeclaration): string | undefined {
  const clause = node.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword)
  return clause?.types[0]?.expression.getText()
}

function nameOf(node: Node): string | undefined {
  return (node as { name?: Node }).name?.getText()
}

function isBody(node: Node): boolean {
  return node.kind === SyntaxKind.Block
}

function isExported(node: Node): boolean {
  const { modifiers } = node as { modifiers?: readonly Node[] }
  return modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false
}

/** Exports of `module` without a docstring, followed to where they are declared. */
function undocumented(module: SourceModule, lib: readonly SourceModule[]): string[] {
  return exportsOf(module, lib)
    .filter(({ declarations }) => !declarations.some(({ jsDoc }) => jsDoc?.length))
    .map(({ name, at }) => `${name} (lib/${at})`)
}

interface Export {
  readonly name: string
  readonly at: string
  readonly declarations: readonly Node[]
}

function exportsOf(module: SourceModule, lib: readonly SourceModule[]): Export[] {
  const own = module.ast.statements.filter(isExported).flatMap((statement) => namesOf(statement))
  const names = [...new Set(own.map(({ name }) => name))]
  const declared = names.map((name) => ({
    name,
    at: module.path,
    declarations: own.filter((one) => one.name === name).map(({ statement }) => statement),
  }))
  const passedOn = module.ast.statements
    .filter((node): node is ExportDeclaration => node.kind === SyntaxKind.ExportDeclaration)
    .flatMap((node) => reExports(node, module, lib))
  return [...declared, ...passedOn]
}

function namesOf(statement: Node): { name: string; statement: Node }[] {
  if (statement.kind === SyntaxKind.VariableStatement) {
    const { declarationList } = statement as VariableStatement
    return declarationList.declarations.map(({ name }) => ({ name: name.getText(), statement }))
  }
  return [{ name: nameOf(statement) ?? 'default', statement }]
}

function reExports(
  node: ExportDeclaration,
  module: SourceModule,
  lib: readonly SourceModule[],
): Export[] {
  const specifier = node.moduleSpecifier?.getText().slice(1, -1)
  const target = module.imports.find((one) => one.specifier === specifier)?.target
  const source = lib.find(({ path }) => path === target)
  if (source === undefined) return []
  const all = exportsOf(source, lib)
  if (node.exportClause?.kind !== SyntaxKind.NamedExports) return all
  return (node.exportClause as NamedExports).elements.map(({ name, propertyName }) => {
    const original = (propertyName ?? name).getText()
    const found = all.find((one) => one.name === original)
    return { name: name.getText(), at: source.path, declarations: found?.declarations ?? [] }
  })
}
