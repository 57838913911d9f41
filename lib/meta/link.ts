import { ImproperlyConfigured, OrmError } from '../errors.ts'
import type { RelationField } from '../fields/relation-field.ts'
import { JoinTable } from './join-table.ts'
import type { ColumnMeta, JoinStep, ModelMeta, RelationMeta, ThroughMeta } from './model-meta.ts'
import { nameProblem, snakeCase } from './names.ts'

/** A forward relation as it was declared: its name, its field, and its key column if it has one. */
export interface Declared {
  readonly name: string
  readonly field: RelationField
  readonly column: ColumnMeta | null
}

/** A model as linking sees it: what it declares, and what it linked to. */
export interface Linkable extends ModelMeta {
  readonly site: string
  readonly declared: readonly Declared[]
  /** The relations declared on this model, by name. */
  readonly outgoing: ReadonlyMap<string, RelationMeta>
}

/** Finds the model that a declaration names, by class or by string. */
export type ResolveModel = (reference: RelationField['target'], from: Linkable) => Linkable

/** The sides of other models' relations that end at a model. */
export interface Incoming {
  /** Those that have a name on this side. */
  readonly reverse: readonly RelationMeta[]
  /** The forward sides, named here or not. */
  readonly incoming: readonly RelationMeta[]
}

function assertNone([first, ...lines]: readonly string[]): void {
  if (first !== undefined) throw new ImproperlyConfigured(first, { lines })
}

/** What is wrong with declarations, gathered so that all of it is told at once. */
export class Problems {
  readonly #found = new Set<string>()

  /** Does a part of the work; what is wrong with it is kept for later. */
  try<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof ImproperlyConfigured)) throw error
      for (const line of error.message.split('\n')) this.#found.add(line)
      return undefined
    }
  }

  /** @throws ImproperlyConfigured listing everything that was found wrong, if anything was. */
  throw(): void {
    assertNone([...this.#found])
  }
}

/**
 * The forward relations of a model by name, each with its reverse side in `inverse`.
 *
 * @throws ImproperlyConfigured listing everything that is wrong with them.
 */
export function linkOutgoing(model: Linkable, resolve: ResolveModel): Map<string, RelationMeta> {
  const linked = new Map<string, RelationMeta>()
  const problems: string[] = []
  for (const declared of model.declared) {
    try {
      linked.set(declared.name, linkOne(model, declared, resolve))
    } catch (error) {
      if (!(error instanceof OrmError)) throw error
      problems.push(`${model.name}.${declared.name}: ${error.message}`)
    }
  }
  assertNone(problems)
  return linked
}

/**
 * The relations of all registered models that end at `model`. A model whose own declarations are
 * wrong is passed over: it says so when it is used itself.
 *
 * @throws ImproperlyConfigured when two sides want the same name.
 */
export function linkIncoming(model: Linkable, registered: readonly Linkable[]): Incoming {
  const incoming: RelationMeta[] = []
  const reverse = new Map<string, RelationMeta>()
  const problems: string[] = []
  for (const other of registered) {
    for (const relation of outgoingOf(other)) {
      if (relation.to !== model) continue
      incoming.push(relation)
      const side = relation.inverse
      if (side.isHidden) continue
      const problem = clash(model, side, reverse.get(side.queryName))
      if (problem === null) reverse.set(side.queryName, side)
      else problems.push(problem)
    }
  }
  assertNone(problems)
  return { reverse: [...reverse.values()], incoming }
}

function outgoingOf(model: Linkable): Iterable<RelationMeta> {
  try {
    return model.outgoing.values()
  } catch (error) {
    if (error instanceof ImproperlyConfigured) return []
    throw error
  }
}

function clash(
  model: Linkable,
  side: RelationMeta,
  other: RelationMeta | undefined,
): string | null {
  const declaredBy = `${side.to.name}.${side.inverse.name}`
  const wrong = nameProblem(side.name)
  if (wrong !== null) return `The relatedName of ${declaredBy} cannot be used: ${wrong}.`
  if (model.columnsByName.has(side.name) || model.outgoing.has(side.name)) {
    return `The relatedName of ${declaredBy} clashes with the field ${model.name}.${side.name}.`
  }
  if (other === undefined || isRedefinition(side, other)) return null
  return (
    `${declaredBy} and ${other.to.name}.${other.inverse.name} both have the relatedName ` +
    `'${side.name}' on ${model.name}: give one of them another.`
  )
}

/** Whether both are the same declaration, run again: the later one then stands for both. */
function isRedefinition(a: RelationMeta, b: RelationMeta): boolean {
  const [one, other] = [a.to as Linkable, b.to as Linkable]
  const isSameModel = one.name === other.name && one.site === other.site
  return isSameModel && one !== other && a.inverse.name === b.inverse.name
}

type Draft = { -readonly [K in keyof RelationMeta]: RelationMeta[K] }
type Forward = Omit<Draft, 'inverse'>

/** Both sides of a relation, each the other's inverse. */
function linkOne(model: Linkable, declared: Declared, resolve: ResolveModel): RelationMeta {
  const target = resolve(declared.field.target, model)
  const { column, field, name } = declared
  const forward =
    column === null
      ? manyToMany(model, target, declared, resolve)
      : foreignKey(model, target, declared, column)
  const { relatedName, relatedQueryName = relatedName } = field
  const isHidden =
    relatedName === undefined || relatedName === '+' || forward.through?.symmetrical === true
  const hiddenName = `${model.name}.${name}+`
  const side = {
    ...inverseOf(forward),
    name: isHidden ? hiddenName : relatedName,
    queryName: isHidden ? hiddenName : (relatedQueryName ?? hiddenName),
    isHidden,
  }
  const linked = forward as Draft
  linked.inverse = Object.assign(side, { inverse: linked })
  Object.freeze(linked.inverse)
  return Object.freeze(linked)
}

function foreignKey(
  model: Linkable,
  to: Linkable,
  { name, field }: Declared,
  column: ColumnMeta,
): Forward {
  const targetColumn = field.toField === 'pk' ? to.primaryKey : to.columnsByName.get(field.toField)
  if (targetColumn === undefined) {
    const names = [...to.columnsByName.keys()].join(', ')
    throw new ImproperlyConfigured(
      `${to.name} has no field '${field.toField}'. Choices are: ${names}.`,
    )
  }
  if (!targetColumn.unique) {
    throw new ImproperlyConfigured(
      `${to.name}.${targetColumn.name} must be unique to be referred to.`,
    )
  }
  return {
    name,
    queryName: name,
    kind: field.kind,
    from: model,
    to,
    toMany: false,
    nullable: field.null,
    steps: [
      {
        table: to.table,
        fromColumn: column.column,
        toColumn: targetColumn.column,
        model: to,
        toMany: false,
        nullable: field.null,
      },
    ],
    keyColumn: column,
    targetColumn,
    isHidden: false,
    onDelete: field.onDelete ?? null,
    through: null,
  }
}

function manyToMany(
  model: Linkable,
  to: Linkable,
  declared: Declared,
  resolve: ResolveModel,
): Forward {
  const through = throughOf(model, to, declared, resolve)
  const near = referredBy(through.near, model)
  const far = referredBy(through.far, to)
  return {
    name: declared.name,
    queryName: declared.name,
    kind: 'manyToMany',
    from: model,
    to,
    toMany: true,
    nullable: true,
    steps: twoSteps(near, through, far),
    keyColumn: null,
    targetColumn: far,
    isHidden: false,
    onDelete: null,
    through,
  }
}

/** The column of `model` that a key column of a join table refers to. */
function referredBy(key: ColumnMeta, model: ModelMeta): ColumnMeta {
  return key.relation?.targetColumn ?? model.primaryKey
}

function twoSteps(near: ColumnMeta, through: ThroughMeta, far: ColumnMeta): JoinStep[] {
  return [
    {
      table: through.model.table,
      fromColumn: near.column,
      toColumn: through.near.column,
      model: through.model,
      toMany: true,
      nullable: true,
    },
    {
      table: far.model.table,
      fromColumn: through.far.column,
      toColumn: far.column,
      model: far.model,
      toMany: false,
      nullable: false,
    },
  ]
}

function throughOf(
  model: Linkable,
  to: Linkable,
  { name, field }: Declared,
  resolve: ResolveModel,
): ThroughMeta {
  const symmetrical = field.symmetrical ?? (model === to && field.relatedName === undefined)
  if (field.through !== undefined) {
    return { ...throughModel(model, to, resolve(field.through, model)), symmetrical }
  }
  const [near, far] =
    model === to
      ? [`from_${snakeCase(model.name)}_id`, `to_${snakeCase(to.name)}_id`]
      : [`${model.name.toLowerCase()}_id`, `${to.name.toLowerCase()}_id`]
  const table = field.table ?? `${model.table}_${snakeCase(name)}`
  const join = new JoinTable(`${model.name}_${name}`, table, {
    near: { column: field.joinColumn ?? near, model },
    far: { column: field.inverseJoinColumn ?? far, model: to },
  })
  return { model: join, isModel: false, near: join.near, far: join.far, symmetrical }
}

function throughModel(
  model: Linkable,
  to: Linkable,
  through: Linkable,
): Omit<ThroughMeta, 'symmetrical'> {
  const keys = [...through.outgoing.values()].filter((relation) => relation.keyColumn !== null)
  const near = keys.find((relation) => relation.to === model)
  const far = keys.find((relation) => relation.to === to && relation !== near)
  if (near?.keyColumn == null || far?.keyColumn == null) {
    throw new ImproperlyConfigured(
      `The model ${through.name} cannot be its through model: it needs a foreign key to ` +
        `${model.name} and one to ${to.name}.`,
    )
  }
  return { model: through, isModel: true, near: near.keyColumn, far: far.keyColumn }
}

function inverseOf(forward: Forward): Omit<Forward, 'name' | 'queryName' | 'isHidden'> {
  const { from, to, keyColumn, targetColumn, through } = forward
  const shared = { from: to, to: from, nullable: true }
  if (keyColumn === null || through !== null) {
    const back = through as ThroughMeta
    const flipped = { ...back, near: back.far, far: back.near }
    const nearest = referredBy(back.near, from)
    return {
      ...shared,
      kind: 'reverseManyToMany',
      toMany: true,
      steps: twoSteps(targetColumn, flipped, nearest),
      keyColumn: null,
      targetColumn: nearest,
      onDelete: null,
      through: flipped,
    }
  }
  const toMany = forward.kind === 'foreignKey'
  return {
    ...shared,
    kind: toMany ? 'reverseForeignKey' : 'reverseOneToOne',
    toMany,
    steps: [
      {
        table: from.table,
        fromColumn: targetColumn.column,
        toColumn: keyColumn.column,
        model: from,
        toMany,
        nullable: true,
      },
    ],
    keyColumn,
    targetColumn,
    onDelete: forward.onDelete,
    through: null,
  }
}
