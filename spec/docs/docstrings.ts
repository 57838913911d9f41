/** The docstrings of `lib/`, as TypeScript reads them. */
import {
  type ClassDeclaration,
  type InterfaceDeclaration,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { placeOf, type SourceModule } from '../support/source-tree.ts'

/** An `@example`, and where it is. */
export interface Example {
  readonly place: string
  readonly code: string
}

/** Every `@example` of a file; `…` stands for code that does not matter there. */
export function examplesOf({ path, text }: SourceModule): Example[] {
  return [...text.matchAll(/\/\*\*(.*?)\*\//gs)].flatMap(({ 1: body = '', index }) => {
    const lines = body.split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    const [, ...examples] = lines.join('\n').split(/^\s*@example\b/m)
    const place = `lib/${path}:${text.slice(0, index).split('\n').length}`
    return examples.map((example) => ({ place, code: example.split(/^@\w+/m, 1).join('') }))
  })
}

/** The public members of a class or an interface whose docstring says nothing. */
export function undocumentedMembers(module: SourceModule, name: string): string[] {
  const declared = module.ast.statements.find(
    (node): node is ClassDeclaration | InterfaceDeclaration =>
      (node.kind === SyntaxKind.ClassDeclaration ||
        node.kind === SyntaxKind.InterfaceDeclaration) &&
      (node as ClassDeclaration).name?.getText() === name,
  )
  if (declared === undefined) throw new Error(`lib/${module.path} has no ${name}`)
  const members = new Map<string, Node[]>()
  for (const member of declared.members as Iterable<Node>) {
    const key = nameOf(member)
    if (key !== undefined) members.set(key, [...(members.get(key) ?? []), member])
  }
  return [...members]
    .filter(([, overloads]) => !overloads.some(saysSomething))
    .map(([key, [first]]) => `${name}.${key} (${first ? placeOf(module, first) : module.path})`)
}

/** Undefined of what is not public: private members, static blocks, constructors. */
function nameOf(member: Node): string | undefined {
  const { name } = member as { name?: Node }
  return name === undefined || name.kind === SyntaxKind.PrivateIdentifier
    ? undefined
    : name.getText()
}

/** Whether a docstring has a sentence before its tags, or an example. */
function saysSomething({ jsDoc }: Node): boolean {
  const text = jsDoc?.map((comment) => comment.getText()).join('\n') ?? ''
  return /\/\*\*[\s*]*[\p{L}`'].+\S/u.test(text) || text.includes('@example')
}
