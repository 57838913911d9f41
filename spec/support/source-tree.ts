/** The sources as TypeScript itself reads them, for `spec/architecture.spec.ts`. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ExportDeclaration,
  type FunctionLikeDeclaration,
  type ImportDeclaration,
  type Node,
  type SourceFile,
  type StringLiteral,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

export const root: string = fileURLToPath(new URL('../../', import.meta.url))

export interface SourceModule {
  /** Relative to `lib/`, with forward slashes: `query/q.ts`. */
  readonly path: string
  readonly text: string
  readonly ast: SourceFile
  readonly imports: readonly Import[]
}

export interface Import {
  /** As written. */
  readonly specifier: string
  /** Relative to `lib/` when it is a file of `lib/`. */
  readonly target: string | undefined
  /** `import 'x'`: for its side effects alone. */
  readonly bare: boolean
}

/** Every file of `lib/`, parsed. */
export function readLib(): SourceModule[] {
  const api = new API({ cwd: root })
  try {
    const [project] = api
      .updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
      .getProjects()
    return filesIn(join(root, 'lib')).flatMap((path) => {
      const file = join(root, 'lib', path)
      const ast = project?.program.getSourceFile(file)
      if (ast === undefined) throw new Error(`TypeScript does not see lib/${path}`)
      return [{ path, text: readFileSync(file, 'utf8'), ast, imports: importsOf(ast, path) }]
    })
  } finally {
    api.close()
  }
}

/** Every file of a folder, relative to it, with forward slashes. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
}

/** Every node below `node`, itself first. `enter` may answer false to stay out of a node. */
export function* walk(node: Node, enter: (node: Node) => boolean = () => true): Generator<Node> {
  yield node
  const children: Node[] = []
  node.forEachChild((child) => {
    children.push(child)
    return undefined
  })
  for (const child of children) if (enter(child)) yield* walk(child, enter)
}

/** `path:line`, as editors open it. */
export function placeOf(module: SourceModule, node: Node): string {
  return `lib/${module.path}:${lineOf(module, node.getStart())}`
}

export function lineCount(module: SourceModule, node: Node): number {
  return lineOf(module, node.end) - lineOf(module, node.getStart()) + 1
}

function lineOf(module: SourceModule, position: number): number {
  return module.text.slice(0, position).split('\n').length
}

const functionKinds = new Set<SyntaxKind>([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
])

export function isFunction(node: Node): node is FunctionLikeDeclaration {
  return functionKinds.has(node.kind)
}

/** Imports, re-exports, `import()` and `import('x').T`, types included. */
function importsOf(ast: SourceFile, path: string): Import[] {
  const found: Import[] = []
  for (const node of walk(ast)) {
    const literal = specifierOf(node)
    if (literal === undefined) continue
    const bare =
      node.kind === SyntaxKind.ImportDeclaration &&
      (node as ImportDeclaration).importClause === undefined
    found.push({ specifier: literal, target: targetOf(literal, path), bare })
  }
  return found
}

function specifierOf(node: Node): string | undefined {
  if (node.kind === SyntaxKind.ImportDeclaration || node.kind === SyntaxKind.ExportDeclaration) {
    const { moduleSpecifier } = node as ImportDeclaration | ExportDeclaration
    return moduleSpecifier === undefined ? undefined : (moduleSpecifier as StringLiteral).text
  }
  const isImportType = node.kind === SyntaxKind.ImportType
  const isImportCall =
    node.kind === SyntaxKind.CallExpression && /^import\s*\(/.test(node.getText())
  if (!isImportType && !isImportCall) return undefined
  return /^(?:typeof\s+)?import\s*\(\s*['"]([^'"]+)/.exec(node.getText())?.[1]
}

function targetOf(specifier: string, from: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return relative('/', resolve('/', dirname(from), specifier)).replaceAll('\\', '/')
}
