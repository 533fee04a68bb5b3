export { type RunningService, runService } from './run-service.ts'
export { readServiceSettings, required, type ServiceSettings, type SettingMissing } from './service-settings.ts'
