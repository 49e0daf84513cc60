export { CustomerKey, type CustomerKeyProps, disksMayUse, logsMayUse } from "./customer-key";
