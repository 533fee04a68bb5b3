export {
  type ControllerLab,
  controllerLab,
  LAB_WORLD,
  LAB_ZONES,
  type LabOptions,
  scriptedCertificates,
} from './controller-lab.ts'
export { type ScriptedHsm, type ScriptedRack, scriptedRack, type ScriptedRackPart } from './scripted-rack.ts'
