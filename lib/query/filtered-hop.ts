import type {
  ColumnMeta,
  JoinStep,
  ModelMeta,
  RelationMeta,
  ThroughMeta,
} from '../meta/model-meta.ts'
import type { ConditionTree, FilteredRelationMeta } from './nodes.ts'

/** A hop of a join that only takes rows for which a condition holds; equal to none but itself. */
export class FilteredStep implements JoinStep {
  readonly table: string
  readonly fromColumn: string
  readonly toColumn: string
  readonly model: ModelMeta
  readonly toMany: boolean
  /** Whatever the relation: there may be no row for which the condition holds. */
  readonly nullable = true
  #condition: ConditionTree | null = null

  constructor(step: JoinStep) {
    this.table = step.table
    this.fromColumn = step.fromColumn
    this.toColumn = step.toColumn
    this.model = step.model
    this.toMany = step.toMany
  }

  /** What must hold for the row that is joined; its paths begin where the query does. Null: nothing. */
  get condition(): ConditionTree | null {
    return this.#condition
  }

  /** Says what must hold: behind the constructor, since paths of the condition lead over the hop. */
  restrict(condition: ConditionTree): void {
    this.#condition = condition
  }
}

/** What a filtered relation is in the paths of its query. */
export class FilteredHop implements FilteredRelationMeta {
  readonly name: string
  readonly queryName: string
  readonly kind: RelationMeta['kind']
  readonly from: ModelMeta
  readonly to: ModelMeta
  readonly toMany: boolean
  readonly nullable = true
  readonly steps: readonly JoinStep[]
  readonly keyColumn: ColumnMeta | null
  readonly targetColumn: ColumnMeta
  readonly inverse: RelationMeta
  readonly isHidden: boolean
  readonly onDelete: RelationMeta['onDelete']
  readonly through: ThroughMeta | null
  readonly path: readonly RelationMeta[]
  readonly step: FilteredStep

  constructor(name: string, path: readonly RelationMeta[]) {
    const [first, last] = [path[0], path[path.length - 1]]
    const steps = path.flatMap((relation) => relation.steps)
    const end = steps.pop()
    if (first === undefined || last === undefined || end === undefined) {
      throw new TypeError('A path of relations cannot be empty.')
    }
    this.name = name
    this.queryName = name
    this.kind = last.kind
    this.from = first.from
    this.to = last.to
    this.toMany = path.some((relation) => relation.toMany)
    this.keyColumn = last.keyColumn
    this.targetColumn = last.targetColumn
    this.inverse = last.inverse
    this.isHidden = last.isHidden
    this.onDelete = last.onDelete
    this.through = last.through
    this.path = path
    this.step = new FilteredStep(end)
    this.steps = Object.freeze([...steps, this.step])
  }
}
