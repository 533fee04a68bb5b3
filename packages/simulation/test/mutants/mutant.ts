/** A defect: in the built `module`, `search` is replaced. The source itself stays as it is. */
export type Mutant = Readonly<{ module: string; search: string; replacement: string }>

/** Under this name the process that runs a mutant is told which. */
export const MUTANT_VARIABLE = 'HSMLAB_SIMULATION_MUTANT'
