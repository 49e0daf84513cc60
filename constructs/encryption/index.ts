export { CustomerKey, type CustomerKeyProps, deliveryMayUse, disksMayUse, logsMayUse } from "./customer-key";
